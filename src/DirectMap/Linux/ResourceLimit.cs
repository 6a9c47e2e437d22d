using System.Runtime.InteropServices;

namespace DirectMap.Linux;

/// <summary>getrlimit(2)</summary>
internal static partial class ResourceLimit
{
    private const int RLIMIT_FSIZE = 1;

    /// <summary>
    /// The largest size in bytes that the process may give a file. To go beyond it raises SIGXFSZ, which ends a .NET process, so it must be
    /// asked before and not found out.
    /// </summary>
    internal static long FileSize =>
        Get(RLIMIT_FSIZE, out Limit limit) == 0 && limit.Current < long.MaxValue ? (long)limit.Current : long.MaxValue;

    [LibraryImport(Libc.Name, EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int Get(int resource, out Limit limit);

    /// <summary>struct rlimit</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        internal ulong Current;
        internal ulong Maximum;
    }
}
