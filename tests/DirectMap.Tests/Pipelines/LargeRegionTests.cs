using System.IO.Pipelines;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Pipelines;

/// <summary>More bytes than an int can count: a sparse file, of which almost nothing is touched.</summary>
public sealed class LargeRegionTests : FileTest
{
    private const long Length = (5L << 30) + 123;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reader_hands_out_everything_at_once_or_in_portions_and_a_writer_writes_behind_the_fourth_GiB()
    {
        using (FileStream sparse = File.Create(Folder.File()))
        {
            sparse.SetLength(Length);
        }

        using DirectFile file = Open();
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        RegionWriter writer = region.CreateWriter(Length - 100);
        await writer.WriteAsync(Enumerable.Range(1, 100).Select(i => (byte)i).ToArray(), Token);
        Assert.Equal(Length, writer.DurablePosition);

        PipeReader whole = region.CreateReader(23, options: new RegionReaderOptions { BufferSize = long.MaxValue });
        ReadResult read = await whole.ReadAsync(Token);
        Assert.Equal((Length - 23, true), (read.Buffer.Length, read.IsCompleted));
        Assert.Equal(100, read.Buffer.Slice(read.Buffer.Length - 1).FirstSpan[0]);
        whole.AdvanceTo(read.Buffer.GetPosition(Length - 23 - 100), read.Buffer.End);
        Assert.Equal(1, (await whole.ReadAsync(Token)).Buffer.FirstSpan[0]);

        PipeReader portions = region.CreateReader(options: new RegionReaderOptions { BufferSize = 1L << 30 });
        long seen = 0;
        int count = 0;
        for (bool isCompleted = false; !isCompleted; count++)
        {
            ReadResult portion = await portions.ReadAsync(Token);
            seen += portion.Buffer.Length;
            isCompleted = portion.IsCompleted;
            Assert.Equal(isCompleted ? 100 : 0, portion.Buffer.Slice(portion.Buffer.Length - 1).FirstSpan[0]);
            portions.AdvanceTo(portion.Buffer.End);
        }

        Assert.Equal((Length, 6), (seen, count));
    }
}
