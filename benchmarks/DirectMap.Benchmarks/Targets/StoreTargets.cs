using System.Runtime.CompilerServices;
using DirectMap.Benchmarks.Peers;
using DirectMap.Linux;
using DirectMap.Stores;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// Stores that are durable by cache lines when they return, anywhere in 256 MiB, beside those of libpmem2 on the same file. What it costs,
/// not durability: the file is in memory.
/// </summary>
internal static unsafe class StoreTargets
{
    private const long Memory = 256 << 20;

    /// <summary>At the file's beginning, and so always in a cache: where a move takes its bytes from.</summary>
    private const long Sources = 128 << 10;

    private static readonly (int Length, double Limit)[] s_sizes =
        [(8, 0.75), (16, 0.75), (32, 0.75), (64, 0.75), (128, 0.75), (256, 1), (512, 1), (1024, 1), (2048, 1), (4096, 1), (65536, 1.05)];

    private static readonly byte[] s_source = GC.AllocateArray<byte>(1 << 16, pinned: true);
    private static MappedRegion s_region = null!;
    private static Pmem2 s_pmem = null!;
    private static byte* s_start;
    private static int s_length;
    private static ulong s_random = 88172645463325252;

    private static readonly Paired.Body s_copy = CopyHere, s_copyPeer = CopyThere, s_copyTrusting = CopyTrusting;
    private static readonly Paired.Body s_fill = FillHere, s_fillPeer = FillThere, s_fillTrusting = FillTrusting;
    private static readonly Paired.Body s_move = MoveHere, s_movePeer = MoveThere, s_moveTrusting = MoveTrusting;

    /// <summary>To memcpy_fn.</summary>
    internal static IEnumerable<Line> Copy(Paired paired) =>
        Measure(paired, "PersistCopy", "memcpy_fn", s_copy, s_copyPeer, s_copyTrusting);

    /// <summary>To memset_fn.</summary>
    internal static IEnumerable<Line> Fill(Paired paired) =>
        Measure(paired, "PersistFill", "memset_fn", s_fill, s_fillPeer, s_fillTrusting);

    /// <summary>To memmove_fn.</summary>
    internal static IEnumerable<Line> Move(Paired paired) =>
        Measure(paired, "PersistMove", "memmove_fn", s_move, s_movePeer, s_moveTrusting);

    private static IEnumerable<Line> Measure(
        Paired paired, string name, string peer, Paired.Body here, Paired.Body there, Paired.Body trusting)
    {
        if ((Pmem2.Missing ?? CacheFlush.Missing) is { } missing)
        {
            yield return Line.NotMeasured($"{name}, to {peer}", missing);
            yield break;
        }

        using Place place = new(Place.Memory, Memory);
        using MappedRegion region = place.File.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = PersistGranularity.CacheLine });
        using Pmem2 pmem = new(place.Path);
        s_region = region;
        s_pmem = pmem;
        Prepare();
        foreach ((int length, double limit) in s_sizes)
        {
            s_length = length;
            TimeSpan slice = TimeSpan.FromMicroseconds(length > 4096 ? 400 : 100);
            Comparison figure = paired.Compare(here, there, slice);

            // What the processor's maker does not promise is not relied on; what it costs is shown.
            string? more = CacheFlush.NonTemporalStoresEvict || figure.Ratio <= limit
                ? null
                : Line.Text($"if non-temporal stores were trusted {paired.Compare(trusting, there, slice, 200).Ratio:0.00}x");
            yield return Line.AtMost($"{name}, {length} bytes, to {peer}", limit, figure, more);
        }
    }

    private static void Prepare()
    {
        using RegionScope scope = s_region.OpenScope(0, (int)Memory);
        scope.Span.Fill(1);
        scope.Complete();

        // Positions leave room for the longest store, and the region is disposed after the last comparison.
        s_start = Place.StartOf(s_region);
        for (long page = 0; page < Memory; page += Environment.SystemPageSize)
        {
            _ = Volatile.Read(ref s_pmem.Start[page]);
            s_pmem.Start[page] = 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Next(ref ulong random)
    {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        return Sources + (long)(random % (ulong)(Memory - (2 * Sources)) & ~63UL);
    }

    private static void CopyHere(int count)
    {
        ulong random = s_random;
        for (int i = 0; i < count; i++)
        {
            s_region.PersistCopy(Next(ref random), s_source.AsSpan(0, s_length));
        }

        s_random = random;
    }

    private static void CopyThere(int count)
    {
        ulong random = s_random;
        byte* source = (byte*)Unsafe.AsPointer(ref s_source[0]); // pinned
        for (int i = 0; i < count; i++)
        {
            s_pmem.Copy(s_pmem.Start + Next(ref random), source, (nuint)s_length);
        }

        s_random = random;
    }

    private static void CopyTrusting(int count)
    {
        ulong random = s_random;
        byte* source = (byte*)Unsafe.AsPointer(ref s_source[0]); // pinned
        for (int i = 0; i < count; i++)
        {
            FlushedStores<TrustingFlush>.Store(s_start + Next(ref random), new CopyKernel(source), 0, (nuint)s_length);
            CacheFlush.Drain();
        }

        s_random = random;
    }

    private static void FillHere(int count)
    {
        ulong random = s_random;
        for (int i = 0; i < count; i++)
        {
            s_region.PersistFill(Next(ref random), s_length, 7);
        }

        s_random = random;
    }

    private static void FillThere(int count)
    {
        ulong random = s_random;
        for (int i = 0; i < count; i++)
        {
            s_pmem.Fill(s_pmem.Start + Next(ref random), 7, (nuint)s_length);
        }

        s_random = random;
    }

    private static void FillTrusting(int count)
    {
        ulong random = s_random;
        for (int i = 0; i < count; i++)
        {
            FlushedStores<TrustingFlush>.Store(s_start + Next(ref random), new FillKernel(7), 0, (nuint)s_length);
            CacheFlush.Drain();
        }

        s_random = random;
    }

    private static void MoveHere(int count)
    {
        ulong random = s_random;
        for (int i = 0; i < count; i++)
        {
            s_region.PersistMove(Next(ref random), 0, s_length);
        }

        s_random = random;
    }

    private static void MoveThere(int count)
    {
        ulong random = s_random;
        for (int i = 0; i < count; i++)
        {
            s_pmem.Move(s_pmem.Start + Next(ref random), s_pmem.Start, (nuint)s_length);
        }

        s_random = random;
    }

    private static void MoveTrusting(int count)
    {
        ulong random = s_random;
        for (int i = 0; i < count; i++)
        {
            FlushedStores<TrustingFlush>.Store(s_start + Next(ref random), new MoveKernel(s_start), 0, (nuint)s_length);
            CacheFlush.Drain();
        }

        s_random = random;
    }

    /// <summary>What the library does where the maker says that non-temporal stores leave nothing in a cache.</summary>
    private readonly struct TrustingFlush : ILineFlush
    {
        public static bool NonTemporalStoresEvict => true;

        public static StoreForm Best(nuint address, nuint length) => StoreForms.Best(address, length, evicts: true);

        public static void Flush(byte* start, nuint length) => CacheFlush.Flush(start, length);
    }
}
