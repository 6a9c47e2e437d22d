using System.Runtime.InteropServices;

namespace DirectMap.Linux;

/// <summary>geteuid(2)</summary>
internal static partial class Geteuid
{
    /// <summary>The caller's effective user, which is the file-system user unless setfsuid(2) was called.</summary>
    [LibraryImport(Libc.Name, EntryPoint = "geteuid")]
    internal static partial uint Get();
}
