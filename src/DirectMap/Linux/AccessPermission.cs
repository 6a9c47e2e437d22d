using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>faccessat2(2): whether a file may be opened, without opening it.</summary>
internal static partial class AccessPermission
{
    private const nint SYS_faccessat2 = 439; // On every architecture that .NET runs on.
    private const int R_OK = 4;
    private const int W_OK = 2;
    private const int AT_FDCWD = -100;
    private const int AT_EACCESS = 0x200;
    private const int AT_EMPTY_PATH = 0x1000;

    /// <summary>Seccomp filters older than the call answer EPERM, which it may itself.</summary>
    private static readonly Lazy<bool> s_isThere = new(static () => ByPath(SYS_faccessat2, AT_FDCWD, "/", 0, 0) == 0);

    /// <summary>Asks for the caller's effective user, through an O_PATH descriptor.</summary>
    /// <returns>0; EACCES, EPERM (immutable), EROFS, or another error number.</returns>
    internal static int Try(SafeFileHandle file, bool writing)
    {
        int mode = R_OK | (writing ? W_OK : 0);
        if (s_isThere.Value)
        {
            return Through(SYS_faccessat2, file, "", mode, AT_EACCESS | AT_EMPTY_PATH) == 0 ? 0 : Errno.Last;
        }

        bool referenced = false;
        try
        {
            file.DangerousAddRef(ref referenced);
            return OfLibc(AT_FDCWD, $"/proc/self/fd/{file.DangerousGetHandle()}", mode, AT_EACCESS) == 0 ? 0 : Errno.Last;
        }
        finally
        {
            if (referenced)
            {
                file.DangerousRelease();
            }
        }
    }

    [LibraryImport(Libc.Name, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Through(nint number, SafeFileHandle directory, string path, nint mode, nint flags);

    [LibraryImport(Libc.Name, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint ByPath(nint number, nint directory, string path, nint mode, nint flags);

    [LibraryImport(Libc.Name, EntryPoint = "faccessat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OfLibc(int directory, string path, int mode, int flags);
}
