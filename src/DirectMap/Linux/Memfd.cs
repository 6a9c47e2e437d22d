using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>memfd_create(2)</summary>
internal static partial class Memfd
{
    private const uint MFD_CLOEXEC = 1;

    /// <summary>Creates an unnamed, empty file in memory.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int TryCreate(string name, out SafeFileHandle file)
    {
        file = Create(name, MFD_CLOEXEC);
        return file.IsInvalid ? Errno.Last : 0;
    }

    [LibraryImport(Libc.Name, EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Create(string name, uint flags);
}
