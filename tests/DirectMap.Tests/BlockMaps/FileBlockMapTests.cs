using DirectMap.BlockMaps;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.BlockMaps;

public sealed class FileBlockMapTests : IDisposable
{
    private readonly TestDirectory _temp = new();

    [Fact]
    public void The_last_block_of_the_longest_file_ends_where_offsets_end()
    {
        Extent[] extents = new Extent[4];
        ExtentTiler tiler = new(new FileRange(long.MaxValue - 8192, 8192), extents);

        tiler.Add(long.MaxValue - 4095, 4096, 0, ExtentFlags.None); // up to 2^63, as XFS reports it

        Assert.True(tiler.IsDone);
        Assert.Equal((2, long.MaxValue), (tiler.Count, extents[1].End));
    }

    public static TheoryData<string> Folders => ["temp", "tmpfs"];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Holes_lie_where_nothing_was_written_and_extents_tile_the_range_without_gaps(string folder)
    {
        using TestDirectory directory = In(folder);
        using SafeFileHandle file = File.OpenHandle(directory.File(), FileMode.CreateNew, FileAccess.ReadWrite);
        RandomAccess.SetLength(file, 1 << 20);
        byte[] data = [.. Enumerable.Repeat((byte)1, 64 << 10)];
        RandomAccess.Write(file, data, 128 << 10);
        RandomAccess.Write(file, data, 512 << 10);

        List<Extent> extents = ReadAll(new FileBlockMap(file, directory.File()), new FileRange(0, 1 << 20), batch: 2);

        long position = 0;
        foreach (Extent extent in extents)
        {
            Assert.Equal(position, extent.Offset);
            Assert.True(extent.Length > 0);
            position = extent.End;
        }

        Assert.Equal(1 << 20, position);
        Assert.Equal(
            [(128 << 10, 192 << 10), (512 << 10, 576 << 10)],
            Merge(extents.Where(extent => !extent.Flags.HasFlag(ExtentFlags.Hole))));
    }

    [Fact]
    public void A_file_with_more_extents_than_one_batch_is_read_to_its_end()
    {
        using SafeFileHandle file = File.OpenHandle(_temp.File(), FileMode.CreateNew, FileAccess.ReadWrite);
        const int Count = 300;
        int page = Environment.SystemPageSize;
        for (int i = 0; i < Count; i++)
        {
            RandomAccess.Write(file, new byte[page], 2L * i * page);
        }

        List<Extent> extents = ReadAll(new FileBlockMap(file, _temp.File()), new FileRange(0, 2L * Count * page), batch: 64);

        Assert.Equal(Count, extents.Count(extent => !extent.Flags.HasFlag(ExtentFlags.Hole)));
        Assert.Equal(Count, extents.Count(extent => extent.Flags.HasFlag(ExtentFlags.Hole)));
    }

    [Fact]
    public void An_empty_range_has_no_extents()
    {
        using SafeFileHandle file = File.OpenHandle(_temp.File(), FileMode.CreateNew, FileAccess.ReadWrite);

        Assert.Equal(0, new FileBlockMap(file, _temp.File()).GetExtents(new FileRange(0, 0), new Extent[1]));
    }

    public void Dispose() => _temp.Dispose();

    private static TestDirectory In(string folder)
    {
        if (folder == "temp")
        {
            return new TestDirectory();
        }

        Requires.DevShm();
        return new TestDirectory("/dev/shm");
    }

    private static List<Extent> ReadAll(FileBlockMap map, FileRange range, int batch)
    {
        List<Extent> all = [];
        Extent[] buffer = new Extent[batch];
        for (long position = range.Offset; position < range.End; position = all[^1].End)
        {
            int count = map.GetExtents(new FileRange(position, range.End - position), buffer);
            Assert.InRange(count, 1, batch);
            all.AddRange(buffer.AsSpan(0, count));
        }

        return all;
    }

    private static List<(long, long)> Merge(IEnumerable<Extent> extents)
    {
        List<(long Start, long End)> merged = [];
        foreach (Extent extent in extents)
        {
            if (merged.Count > 0 && merged[^1].End == extent.Offset)
            {
                merged[^1] = (merged[^1].Start, extent.End);
            }
            else
            {
                merged.Add((extent.Offset, extent.End));
            }
        }

        return merged;
    }
}
