namespace DirectMap.Tests.Abstractions;

public sealed class FileRangeTests
{
    private const int Bytes = 6;

    /// <summary>Every range of a short file and every other one, beside the sets of their bytes.</summary>
    [Fact]
    public void Ranges_overlap_and_contain_each_other_as_the_sets_of_their_bytes_do()
    {
        FileRange[] all =
            [.. from offset in Enumerable.Range(0, Bytes) from length in Enumerable.Range(0, Bytes) select new FileRange(offset, length)];
        foreach (FileRange one in all)
        {
            foreach (FileRange other in all)
            {
                HashSet<int> bytes = [.. BytesOf(one)];

                Assert.Equal(bytes.Overlaps(BytesOf(other)), one.Overlaps(other));
                Assert.Equal(bytes.IsSupersetOf(BytesOf(other)), one.Contains(other));
            }
        }
    }

    [Fact]
    public void A_range_without_an_end_touches_whatever_lies_behind_its_beginning()
    {
        FileRange rest = FileRange.From(100);

        Assert.True(rest.Overlaps(new FileRange(long.MaxValue - 1, 1)));
        Assert.False(rest.Overlaps(new FileRange(0, 100)));
        Assert.True(FileRange.Whole.Contains(rest));
        Assert.False(rest.Contains(FileRange.Whole));
        Assert.Equal(("[100, ...)", "[0, 100)"), (rest.ToString(), new FileRange(0, 100).ToString()));
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    [InlineData(1, long.MaxValue)]
    [InlineData(long.MaxValue, long.MaxValue)]
    [InlineData(long.MinValue, 0)]
    public void What_is_no_range_is_refused(long offset, long length)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new FileRange(offset, length));
    }

    private static IEnumerable<int> BytesOf(FileRange range) => Enumerable.Range((int)range.Offset, (int)range.Length);
}
