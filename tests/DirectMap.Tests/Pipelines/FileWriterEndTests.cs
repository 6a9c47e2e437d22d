using System.Buffers;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Pipelines;

/// <summary>A file's writer that wrote while others had the file, and has nothing more to write.</summary>
public sealed class FileWriterEndTests : FileTest
{
    private const int Length = 64 << 10;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Advance_by_nothing_does_nothing_after_a_record_that_was_written_outside(bool isFull)
    {
        using DirectFile file = Create(Length);
        using DirectFile other = Open();
        RegionWriter writer = file.CreateWriter(MapOptions.DirectOrEmulated);
        using (other.BreakLayout(FileRange.Whole))
        {
            writer.Write("outside"u8);
        }

        await writer.FlushAsync(Token).AsTask().Within();
        if (isFull)
        {
            await writer.WriteAsync(new byte[Length - 7], Token).AsTask().Within();
            Assert.NotEqual(0, writer.GetMemory().Length);
        }

        writer.Advance(0);

        await writer.CompleteAsync().AsTask().Within();
        Assert.Equal((isFull ? Length : 7, isFull ? Length : 7), (writer.Position, writer.DurablePosition));
    }
}
