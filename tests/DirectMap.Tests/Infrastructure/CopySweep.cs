namespace DirectMap.Tests.Infrastructure;

/// <summary>Copies of every size at every offset that may be an edge of something: of a word, a page, a piece of 64 KiB.</summary>
internal static class CopySweep
{
    /// <summary>Some pieces of 64 KiB and a page that is not whole.</summary>
    internal const int Length = (4 * 64 << 10) + 1000;

    private static readonly int[] s_edges = [0, 1, 7, 4095, 4096, 4097, 65_535, 65_536, 65_537, 131_072, 200_000];

    internal static IEnumerable<(int Offset, int Size)> Places => s_edges.SelectMany(offset => s_edges.Where(size => offset + size <= Length).Select(size => (offset, size)));

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
}
