using System.Runtime.InteropServices;

namespace DirectMap.Benchmarks.Peers;

/// <summary>msync(2), with the flags that pmembench gives it.</summary>
internal static unsafe partial class BareMsync
{
    internal const int MS_ASYNC = 1;
    internal const int MS_SYNC = 4;

    private const nint PageMask = 4095;

    /// <summary>Of the pages that hold a range; the result is the caller's to look at.</summary>
    internal static int Of(byte* start, nuint length, int flags = MS_SYNC)
    {
        nuint before = (nuint)((nint)start & PageMask);
        return Invoke(start - before, length + before, flags);
    }

    /// <summary>Of nothing: the bare system call.</summary>
    internal static int OfNothing(byte* start) => Invoke((byte*)((nint)start & ~PageMask), 0, MS_SYNC);

    [LibraryImport("libc", EntryPoint = "msync")]
    private static partial int Invoke(void* start, nuint length, int flags);
}
