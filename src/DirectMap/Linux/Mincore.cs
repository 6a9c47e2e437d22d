using System.Runtime.InteropServices;

namespace DirectMap.Linux;

/// <summary>mincore(2)</summary>
internal static unsafe partial class Mincore
{
    /// <summary>Which pages of a page-aligned range of a mapping are in the page cache: bit 0 of a byte for each.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int Try(byte* start, Span<byte> resident)
    {
        // In bounds and alive: a byte for each page that is asked for, pinned for the call.
        fixed (byte* first = resident)
        {
            return Invoke(start, (nuint)resident.Length * (nuint)Environment.SystemPageSize, first) == 0 ? 0 : Errno.Last;
        }
    }

    [LibraryImport(Libc.Name, EntryPoint = "mincore", SetLastError = true)]
    private static partial int Invoke(void* start, nuint length, byte* resident);
}
