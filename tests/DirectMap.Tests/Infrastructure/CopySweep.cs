using DirectMap.Stores;

namespace DirectMap.Tests.Infrastructure;

/// <summary>Copies of every size at every offset that may be an edge of something: of a word, a page, a piece of 64 KiB.</summary>
internal static class CopySweep
{
    /// <summary>Some pieces of 64 KiB and a page that is not whole.</summary>
    internal const int Length = (4 * 64 << 10) + 1000;

    internal const int Overlapping = (2 << 20) + (128 << 10);

    private static readonly int[] s_edges = [0, 1, 7, 4095, 4096, 4097, 65_535, 65_536, 65_537, 131_072, 200_000];

    internal static IEnumerable<(int Offset, int Size)> Places =>
        s_edges.SelectMany(offset => s_edges.Where(size => offset + size <= Length).Select(size => (offset, size)));

    /// <summary>Copies into a region of that length and out of it again.</summary>
    /// <returns>What the file must have then.</returns>
    internal static byte[] InAndOut(MappedRegion region)
    {
        byte[] expected = new byte[Length];
        byte value = 0;
        foreach ((int offset, int size) in Places)
        {
            byte[] data = new byte[size];
            new Random(++value).NextBytes(data);
            data.CopyTo(expected, offset);

            region.CopyFrom(offset, data);

            byte[] read = new byte[size];
            region.CopyTo(offset, read);
            Assert.True(read.AsSpan().SequenceEqual(data), $"{size} bytes at {offset}");
        }

        return expected;
    }

    /// <summary>Fills parts of a region of that length, of which it is known what it has.</summary>
    internal static void Fill(MappedRegion region, byte[] expected)
    {
        byte value = 0;
        foreach ((int offset, int size) in Places)
        {
            expected.AsSpan(offset, size).Fill(++value);
            region.Fill(offset, size, value);
        }
    }

    /// <summary>
    /// Copies from a part of a region to another that overlaps it, in both directions, by a span of the region; more and less than is
    /// copied at once. The region has <see cref="Overlapping"/> bytes or more.
    /// </summary>
    internal static void Overlap(MappedRegion region, Action<MappedRegion, long, long, int> copy)
    {
        byte[] whole = new byte[Overlapping];
        new Random(5).NextBytes(whole);
        foreach (int size in (int[])[300, 70_000, (1 << 20) + 17, (2 << 20) + 17])
        {
            foreach (int distance in (int[])[1, 100, 4097, 65_536])
            {
                foreach ((int to, int from) in ((int, int)[])[(distance, 0), (0, distance), (5000 + distance, 5000)])
                {
                    region.CopyFrom(0, whole);
                    byte[] expected = [.. whole];
                    whole.AsSpan(from, size).CopyTo(expected.AsSpan(to));

                    copy(region, to, from, size);

                    byte[] read = new byte[Overlapping];
                    region.CopyTo(0, read);
                    Assert.True(read.AsSpan().SequenceEqual(expected), $"{size} bytes from {from} to {to}");
                }
            }
        }
    }

    internal static void CopyOut(MappedRegion region, long to, long from, int size)
    {
        using RegionScope scope = region.OpenScope(to, size);
        region.CopyTo(from, scope.Span);
        scope.Complete();
    }

    internal static void CopyIn(MappedRegion region, long to, long from, int size)
    {
        using RegionScope scope = region.OpenScope(from, size);
        region.CopyFrom(to, scope.ReadOnlySpan);
        scope.Complete();
    }

    internal static void PersistCopy(MappedRegion region, long to, long from, int size)
    {
        using RegionScope scope = region.OpenScope(from, size);
        region.PersistCopy(to, scope.ReadOnlySpan, StoreFlags.NoFlush);
        scope.Complete();
    }
}
