using System.Buffers;
using DirectMap.Pipelines;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Pipelines;

/// <summary>Bytes to be written that are the file's own, through another region, and lie where they go.</summary>
public sealed class FileWriterOverlapTests : FileTest
{
    private const int Length = 64 << 10;

    [Theory]
    [InlineData(1 << 20, false)]
    [InlineData((1 << 20) - 1, true)]
    [InlineData(100, true)]
    public void Memory_of_the_file_is_copied_only_where_it_overlaps_what_is_written(int from, bool isCopied)
    {
        const int Record = 1 << 20;
        byte[] model = new byte[4 * Record];
        new Random(from).NextBytes(model);
        using DirectFile file = Create(model.Length);
        file.Write(model, 0);
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        using RegionMemory source = region.GetMemory(from, Record);
        RegionWriter writer = file.CreateWriter(MapOptions.DirectOrEmulated, options: new RegionWriterOptions { Durable = false });
        writer.CancelPendingFlush(); // so that nothing is done but to store

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(writer.WriteAsync(source.Memory, CancellationToken.None).AsTask().IsCompleted);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(allocated >= Record == isCopied, $"{allocated} bytes were allocated");
        writer.Complete();
        model.AsSpan(from, Record).CopyTo(model);
        Assert.Equal(model.Length, File.ReadAllBytes(file.Path).AsSpan().CommonPrefixLength(model));
    }

    [Theory]
    [InlineData(50, false)]
    [InlineData(50, true)]
    [InlineData(150, false)]
    [InlineData(150, true)]
    public async Task Bytes_of_the_file_are_written_as_they_were_when_they_were_handed_over_whatever_becomes_of_the_mapping(
        int from, bool isRevoked)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        byte[] model = new byte[Length];
        new Random(from).NextBytes(model);
        using DirectFile file = Create(Length);
        using DirectFile other = Open();
        file.Write(model, 0);
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        using RegionMemory source = region.GetMemory(from, 1000);
        RegionWriter writer = file.CreateWriter(MapOptions.DirectOrEmulated);
        writer.Write("a record's beginning"u8);
        Task<ILayoutRight> right = other.BreakLayoutAsync(FileRange.Whole, cancellationToken: token).AsTask();
        Soon.Until(() => ((FilePipeWriter)writer).HasHeardOfBreak, "the writer has a copy");
        "a record's beginning"u8.CopyTo(model);
        model.AsSpan(from, 1000).CopyTo(model.AsSpan(20));

        writer.CancelPendingFlush(); // so that the record goes on
        Assert.True((await writer.WriteAsync(source.Memory, token)).IsCanceled);
        if (isRevoked)
        {
            PassDeadline();
            (await right.Within()).Dispose();
        }

        await writer.FlushAsync(token).AsTask().Within();

        (await right.Within()).Dispose();
        writer.Complete();
        Assert.Equal(Length, File.ReadAllBytes(file.Path).AsSpan().CommonPrefixLength(model));
    }
}
