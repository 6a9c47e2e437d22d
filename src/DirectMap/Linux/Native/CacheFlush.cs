using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace DirectMap.Linux;

/// <summary>
/// Writes cache lines back to memory, by way of the native library (flush.c, where the manuals' rules are): .NET has no instruction for it.
/// Where <see cref="Missing"/> says why not, the other members must not be called.
/// </summary>
internal static unsafe partial class CacheFlush
{
    private const string Name = NativeLibraryLoader.Name;

    /// <summary>
    /// Up to that many lines are flushed without the runtime's leaving managed code properly, which holds a collection up until they are:
    /// some 0.3 us where a line is written back in the background (CLWB, CLFLUSHOPT, 64 lines), and a few microseconds where each is waited
    /// for (CLFLUSH).
    /// </summary>
    private const int FewLines = 64;

    // A constant to the optimizing compiler, unlike a Lazy: persisting eight bytes asks for each of these.
    private static readonly Facts s_facts = Facts.Find();

    /// <summary>As enum instruction of directmap.h has them.</summary>
    internal enum Instruction
    {
        /// <summary>There is none.</summary>
        None = 0,
        Clflush = 1,
        Clflushopt = 2,
        Clwb = 3,

        /// <summary>To the point of coherency: what Linux, too, uses for persistent memory if there is no <see cref="DcCvap"/>.</summary>
        DcCvac = 4,

        /// <summary>To the point of persistence.</summary>
        DcCvap = 5,
    }

    /// <summary>Why lines cannot be flushed; null when they can.</summary>
    internal static string? Missing => s_facts.Missing;

    /// <summary>
    /// Whether what was stored non-temporally is in memory after <see cref="Drain"/>, without a flush. Only where the processor's maker
    /// documents that such stores leave no line in a cache (Intel); otherwise they may update a cached line where it is.
    /// </summary>
    internal static bool NonTemporalStoresEvict => s_facts.Evicts;

    /// <summary>
    /// Begins to write back every line that has a byte of the range, which must be mapped. A page that the kernel cannot provide is a fault
    /// (SIGBUS), as at a load.
    /// </summary>
    internal static void Flush(byte* start, nuint length)
    {
        Debug.Assert(Missing is null, Missing);

        // One line less: the range may begin and end within one.
        if (length <= (FewLines - 1) * s_facts.LineSize)
        {
            FlushFew(start, length);
        }
        else
        {
            directmap_flush(start, length);
        }
    }

    /// <summary>Waits for what was flushed, and for non-temporal stores; also where lines cannot be flushed.</summary>
    internal static void Drain()
    {
        if (Sse.IsSupported)
        {
            Sse.StoreFence(); // What directmap_drain does on x64, and without a call.
        }
        else if (Missing is null)
        {
            directmap_drain();
        }
        else
        {
            Interlocked.MemoryBarrier(); // Non-temporal stores need an instruction set that has Sse, so there are none.
        }
    }

    [LibraryImport(Name, EntryPoint = nameof(directmap_flush))]
    [SuppressGCTransition]
    private static partial void FlushFew(void* start, nuint length);

    [LibraryImport(Name)]
    private static partial void directmap_flush(void* start, nuint length);

    [LibraryImport(Name)]
    [SuppressGCTransition] // One instruction, which waits for at most what the processor has under way.
    private static partial void directmap_drain();

    [LibraryImport(Name)]
    private static partial Instruction directmap_flush_instruction();

    [LibraryImport(Name)]
    private static partial int directmap_flush_line();

    [LibraryImport(Name)]
    private static partial int directmap_evicts();

    private sealed record Facts(string? Missing, Instruction Used = Instruction.None, nuint LineSize = 0, bool Evicts = false)
    {
        internal static Facts Find()
        {
            if (NativeLibraryLoader.Missing is { } missing)
            {
                return new Facts(missing);
            }

            Instruction used = directmap_flush_instruction();
            return used == Instruction.None
                ? new Facts("the processor says of no instruction that writes cache lines back (clwb, clflushopt, clflush)")
                : new Facts(null, used, (nuint)directmap_flush_line(), directmap_evicts() != 0);
        }
    }
}
