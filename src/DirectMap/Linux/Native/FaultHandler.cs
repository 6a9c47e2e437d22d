using System.Runtime.InteropServices;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>
/// sigaction(2) for SIGBUS, by way of the native library (directmap.h describes the protocol): a signal handler cannot be managed code.
/// The library is optional.
/// </summary>
internal static unsafe partial class FaultHandler
{
    /// <summary>Instead of a page's number.</summary>
    internal const long NoPage = -1;

    /// <summary>What directmap_find adds to the code of a page that had no fault of its own.</summary>
    internal const int TakenAlong = 8;

    private const string Name = NativeLibraryLoader.Name;

    private static readonly UninterruptedLazy<string?> s_missing = new(Install);

    /// <summary>What to look for.</summary>
    internal enum Wanted
    {
        /// <summary>Lost now, or at any time since the generation.</summary>
        LostSince = 0,
        NotLostSince = 1,
        LostNow = 2,
        NotLostNow = 3,

        /// <summary>Lost now by an access of its own, not only taken along.</summary>
        NotedNow = 4,
        NotNotedNow = 5,
    }

    /// <summary>Why there is no handler; null when it is installed, which the first call sees to.</summary>
    internal static string? Missing => s_missing.Value;

    /// <summary>The address of the handler; where there is one.</summary>
    internal static nint Own => directmap_handler();

    /// <summary>The address of the handler that is the first to be told of a SIGBUS; 0 where there is none.</summary>
    internal static nint Top => directmap_top();

    /// <summary>
    /// Registers a mapping, page-aligned. What comes back of lost pages is mapped as it was: writable or not, with MAP_SYNC or without. The
    /// state outlives the registration.
    /// </summary>
    /// <returns>The range; null when the kernel gives no memory.</returns>
    internal static void* Register(byte* start, nuint length, bool writable, bool isSync, StateBlock* state) =>
        directmap_register(start, length, Mmap.ProtectionOf(writable), Mmap.SharingOf(isSync), state);

    /// <summary>When it returns, no handler is at work in the range.</summary>
    internal static void Unregister(void* range) => directmap_unregister(range);

    /// <summary>The first page of [page, end) that is as asked for.</summary>
    /// <returns>
    /// Its number, or <see cref="NoPage"/>; what the kernel said of it, and whether it was taken along with others instead.
    /// </returns>
    internal static long Find(void* range, long page, long end, Wanted wanted, uint generation, out FaultCode code, out bool isTakenAlong)
    {
        int found = 0;
        long result = directmap_find(range, page, end, wanted, generation, &found);
        isTakenAlong = (found & TakenAlong) != 0;
        code = (FaultCode)(found & ~TakenAlong);
        return result;
    }

    /// <summary>The owner has put other memory in place of the whole range.</summary>
    internal static void ReplacedWhole(void* range) => directmap_replaced_whole(range);

    /// <summary>
    /// Maps the file again where pages were lost. Not while somebody else restores, unregisters or changes a state of the range. What is
    /// good are runs of pages that the kernel has: first page and end of each, in order.
    /// </summary>
    /// <returns>How many pages are still lost; -1 where there is no memory. The error number where the file could not be mapped.</returns>
    internal static long Restore(void* range, SafeFileHandle file, long offset, StateBlock* next, ReadOnlySpan<long> good, out int errno)
    {
        int failure = 0;
        long left;
        fixed (long* runs = good)
        {
            left = directmap_restore(range, file, offset, next, runs, good.Length / 2, &failure);
        }

        errno = failure;
        return left;
    }

    private static string? Install()
    {
        if (NativeLibraryLoader.Missing is { } missing)
        {
            return missing;
        }

        // Each lost page that has no lost neighbour may split a mapping in three, and the runtime itself fails hard at the kernel's limit.
        int errno = directmap_install(ProcSys.ReadNumber("/proc/sys/vm/max_map_count", 65530) / 8);
        return errno == 0 ? null : $"the SIGBUS handler could not be installed: sigaction or membarrier failed ({Errno.NameOf(errno)})";
    }

    [LibraryImport(Name)]
    private static partial int directmap_install(long limit);

    [LibraryImport(Name)]
    private static partial nint directmap_handler();

    [LibraryImport(Name)]
    private static partial nint directmap_top();

    [LibraryImport(Name)]
    private static partial void* directmap_register(void* start, nuint length, int protection, int sharing, StateBlock* state);

    [LibraryImport(Name)]
    private static partial void directmap_unregister(void* range);

    [LibraryImport(Name)]
    private static partial void directmap_replaced_whole(void* range);

    [LibraryImport(Name)]
    private static partial long directmap_find(void* range, long page, long end, Wanted wanted, uint generation, int* code);

    [LibraryImport(Name)]
    private static partial long directmap_restore(
        void* range, SafeFileHandle file, long offset, StateBlock* next, long* good, long count, int* failure);

    /// <summary>What the handler and the accesses share; see struct state in directmap.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct StateBlock
    {
        /// <summary>
        /// The bit of the word that says that pages were lost; the handler sets it. The owner keeps its own state in the bits below.
        /// </summary>
        internal const int Lost = 4;

        /// <summary>The state word. First, so that its address is the block's.</summary>
        internal int Word;
        internal uint Generation;

        /// <summary>
        /// Page of the generation's first fault, or the first one that was still lost when it began; or <see cref="NoPage"/>.
        /// </summary>
        internal long First;
    }
}

/// <summary>The si_code values of SIGBUS, as far as they say that a page was lost.</summary>
internal enum FaultCode
{
    None = 0,
    BUS_ADRERR = 2,
    BUS_OBJERR = 3,
    BUS_MCEERR_AR = 4,
    BUS_MCEERR_AO = 5,
}
