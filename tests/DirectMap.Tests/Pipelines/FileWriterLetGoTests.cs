using System.Buffers;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Pipelines;

/// <summary>A writer whose user's own callback lets the mapping go.</summary>
public sealed class FileWriterLetGoTests : FileTest
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task While_a_mapping_drains_that_a_callback_lets_go_there_is_ordinary_memory(bool disposes, bool asksForMemory)
    {
        TaskCompletionSource called = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ParkedThread? held = null;
        MappedRegion? draining = null;
        Task letGo = Task.CompletedTask;
        using DirectFile file = DirectFile.Create(Folder.File(), 64 << 10);
        using DirectFile other = DirectFile.Open(Folder.File());
        RegionWriter writer = file.CreateWriter(MapOptions.DirectOrEmulated with
        {
            OnBreak = (region, _) =>
            {
                draining = region;
                held = new ParkedThread(park =>
                {
                    using RegionScope scope = region.OpenScope(0, 8); // so that it drains for a while
                    park();
                });
                letGo = disposes ? region.DisposeAsync().AsTask() : region.ReleaseAsync();
                called.SetResult();
            },
        });
        writer.GetSpan(4)[..4].Fill(1);
        writer.Advance(4);

        Task write = other.WriteAsync(new byte[] { 9 }, 4096).AsTask();
        await called.Task.Within();
        Assert.True(draining!.State is RegionState.Releasing or RegionState.Disposed);
        (asksForMemory ? writer.GetMemory(4).Span : writer.GetSpan(4))[..4].Fill(2);
        Assert.Equal(RegionState.Releasing, draining!.State); // Nobody has waited for the end of it.
        held!.Dispose();
        await letGo.Within();
        writer.Advance(4); // What was handed out is not the mapping's.
        ValueTask<System.IO.Pipelines.FlushResult> flush = writer.FlushAsync();
        await write.Within();
        await flush.AsTask().Within();
        writer.Complete();

        Assert.Equal([1, 1, 1, 1, 2, 2, 2, 2, 0], File.ReadAllBytes(Folder.File())[..9]);
    }

    [Fact]
    public async Task Nothing_can_be_advanced_after_a_record_that_was_written_while_somebody_had_the_file()
    {
        using DirectFile file = DirectFile.Create(Folder.File(), 64 << 10);
        using DirectFile other = DirectFile.Open(Folder.File());
        RegionWriter writer = file.CreateWriter(MapOptions.DirectOrEmulated);
        using (other.BreakLayout(FileRange.Whole))
        {
            writer.Write("record"u8);
        }

        await writer.FlushAsync(TestContext.Current.CancellationToken).AsTask().Within();

        writer.Advance(0);

        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Advance(1));
        Assert.Equal((6L, 6L), (writer.Position, writer.DurablePosition));
        writer.Complete();
        Assert.StartsWith("record\0", File.ReadAllText(Folder.File()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_handed_out_before_a_callback_let_go_is_not_taken_and_the_writer_goes_on()
    {
        TaskCompletionSource called = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using DirectFile file = DirectFile.Create(Folder.File(), 64 << 10);
        using DirectFile other = DirectFile.Open(Folder.File());
        RegionWriter writer = file.CreateWriter(MapOptions.DirectOrEmulated with
        {
            OnBreak = (region, _) =>
            {
                region.Dispose();
                called.SetResult();
            },
        });
        writer.GetSpan(4)[..4].Fill(1);
        writer.Advance(4);
        _ = writer.GetMemory(4);

        Task write = other.WriteAsync(new byte[] { 9 }, 4096).AsTask();
        await called.Task.Within();
        await write.Within();
        MappingFaultException fault = Assert.Throws<MappingFaultException>(() => writer.Advance(4));
        writer.GetSpan(4)[..4].Fill(2);
        writer.Advance(4);
        await writer.FlushAsync().AsTask().Within();
        writer.Complete();

        Assert.Equal(FaultCause.Revoked, fault.Cause);
        Assert.Equal([1, 1, 1, 1, 2, 2, 2, 2, 0], File.ReadAllBytes(Folder.File())[..9]);
    }
}
