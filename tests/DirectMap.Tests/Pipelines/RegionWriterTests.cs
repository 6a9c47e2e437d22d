using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using DirectMap.Backings;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using DirectMap.Tests.Infrastructure;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DirectMap.Tests.Pipelines;

/// <summary>A region written through a PipeWriter: as the BCL's do it, and what a flush is worth.</summary>
public abstract class RegionWriterTests : RegionTest
{
    private const int Length = 64 << 10;
    private const int Offset = 5000;

    private readonly InodeReference _reference;

    internal RegionWriterTests(FileBackingKind backing)
        : base(Length, backing) =>
        _reference = FileBackings.Of(backing).Open(TheFile.Path, FileAccess.ReadWrite, new FileBinding(Coordinator, "the test"));

    /// <summary>A sync of the inode that has begun and not ended keeps them all from ending.</summary>
    private Inode Inode => _reference.Inode;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Cases => new(WriterTable.All.Select(row => row.Name));

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task It_answers_as_the_BCL_s(string name)
    {
        WriterTable.Case row = WriterTable.All.Single(row => row.Name == name);
        string[] peers = await Task.WhenAll(row.Peers.Select(peer =>
        {
            (PipeWriter writer, Func<byte[]> written) = WriterTable.Peer(peer);
            return row.Run(writer, written);
        }));
        Assert.Single(peers.Distinct());

        foreach (RegionWriterOptions options in new[]
        {
            RegionWriterOptions.Default,
            new() { Durable = false },
            new() { BufferSize = 1 },
            new() { BufferSize = 6000 }
        })
        {
            await Same(row, Region, Region.CreateWriter(Offset, options: options));
        }

        if (Backing == FileBackingKind.Linux && FaultHandler.Missing is null)
        {
            using MappedRegion lines = TheFile.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = PersistGranularity.CacheLine });
            await Same(row, lines, lines.CreateWriter(Offset));
        }

        await Same(row, Region, TheFile.CreateWriter(MapOptions.DirectOrEmulated, Offset));
        await Same(row, Region, TheFile.CreateWriter(MapOptions.DirectOrEmulated, Offset, new RegionWriterOptions { Durable = false }));

        async Task Same(WriterTable.Case row, MappedRegion region, RegionWriter writer) =>
            Assert.Equal(peers[0], await row.Run(writer, () =>
            {
                byte[] written = new byte[writer.Position - Offset];
                region.CopyTo(Offset, written);
                return written;
            }));
    }

    [Fact]
    public async Task A_flush_completes_when_the_bytes_are_durable_and_only_then_moves_the_durable_position()
    {
        RegionWriter writer = Region.CreateWriter(Offset, 1000);
        Assert.Equal((Offset, Offset, Offset + 1000), (writer.Position, writer.DurablePosition, writer.EndPosition));
        writer.Write("record"u8);
        Assert.Equal((Offset + 6, Offset, 6), (writer.Position, writer.DurablePosition, writer.UnflushedBytes));
        int slot = Inode.Syncs.Begin();

        Task<FlushResult> flush = writer.FlushAsync(Token).AsTask();

        Assert.False(flush.IsCompleted);
        Assert.Equal((Offset, 6), (writer.DurablePosition, writer.UnflushedBytes));
        Inode.EndSync(slot, 0);
        await flush.Within();
        Assert.Equal((Offset + 6, 0), (writer.DurablePosition, writer.UnflushedBytes));
    }

    [Fact]
    public async Task While_a_flush_is_under_way_nothing_else_goes_on_but_it_can_be_cancelled()
    {
        RegionWriter writer = Region.CreateWriter();
        writer.Write("record"u8);
        int slot = Inode.Syncs.Begin();
        Task<FlushResult> flush = writer.FlushAsync(Token).AsTask();

        Assert.Throws<InvalidOperationException>(() => writer.GetMemory());
        Assert.Throws<InvalidOperationException>(() => writer.GetSpan().Length);
        Assert.Throws<InvalidOperationException>(() => writer.Advance(0));
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.FlushAsync(Token).AsTask());
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.WriteAsync(new byte[1], Token).AsTask());
        Assert.Throws<InvalidOperationException>(() => writer.Complete());
        writer.CancelPendingFlush();

        Assert.True((await flush.Within()) is { IsCanceled: true, IsCompleted: false });
        Assert.Equal((0, 6), (writer.DurablePosition, writer.UnflushedBytes));
        Inode.EndSync(slot, 0);
        Assert.False((await writer.FlushAsync(Token).AsTask().Within()).IsCanceled);
        Assert.Equal(6, writer.DurablePosition);
    }

    [Fact]
    public async Task The_token_ends_the_wait_and_is_the_one_that_is_told()
    {
        using CancellationTokenSource source = new();
        RegionWriter writer = Region.CreateWriter();
        writer.Write("record"u8);
        int slot = Inode.Syncs.Begin();
        Task<FlushResult> flush = writer.FlushAsync(source.Token).AsTask();

        await source.CancelAsync();

        Assert.Equal(source.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(flush.Within)).CancellationToken);
        Assert.Equal((0, 6), (writer.DurablePosition, writer.UnflushedBytes));
        Inode.EndSync(slot, 0);
        Assert.False((await writer.FlushAsync(Token).AsTask().Within()).IsCanceled); // the writer's own cancellation was not used up
    }

    [Fact]
    public async Task A_sync_that_failed_is_told_by_all_that_follows_and_moves_nothing_also_after_it_was_acknowledged()
    {
        RegionWriter writer = Region.CreateWriter();
        await writer.WriteAsync("first"u8.ToArray(), Token);
        writer.Write("second"u8);
        int slot = Inode.Syncs.Begin();
        Task<FlushResult> flush = writer.FlushAsync(Token).AsTask();
        Inode.EndSync(slot, 5);

        WritebackFailureException failure = await Assert.ThrowsAsync<WritebackFailureException>(flush.Within);
        TheFile.AcknowledgeWritebackFailure(failure.Failure);

        // The kernel takes the pages for written now, so a sync that succeeds says nothing of them.
        Region.Persist();
        await Assert.ThrowsAsync<WritebackFailureException>(() => writer.FlushAsync(Token).AsTask());
        Assert.Throws<WritebackFailureException>(() => writer.GetMemory());
        await Assert.ThrowsAsync<WritebackFailureException>(() => writer.WriteAsync(new byte[1], Token).AsTask());
        Assert.Throws<WritebackFailureException>(() => writer.Complete());
        Assert.Equal(5, writer.DurablePosition);
        RegionWriter next = Region.CreateWriter(writer.DurablePosition);
        await next.WriteAsync("second"u8.ToArray(), Token);
        Assert.Equal(11, next.DurablePosition);
    }

    [Fact]
    public async Task Without_durability_nothing_is_synced_and_the_durable_position_stays()
    {
        RegionWriter writer = Region.CreateWriter(options: new RegionWriterOptions { Durable = false });
        int slot = Inode.Syncs.Begin();

        Task<FlushResult> flush = writer.WriteAsync("record"u8.ToArray(), Token).AsTask();

        Assert.True(flush.IsCompletedSuccessfully);
        Assert.Equal((6, 0, 0), (writer.Position, writer.DurablePosition, writer.UnflushedBytes));
        writer.CancelPendingFlush();
        Assert.True((await writer.WriteAsync(new byte[1], Token)).IsCanceled);
        Assert.Equal(1, writer.UnflushedBytes);
        writer.Complete();
        Inode.EndSync(slot, 0);
    }

    [Fact]
    public void With_a_granularity_smaller_than_a_page_a_flush_is_done_when_it_returns()
    {
        NeedsLinuxBacking("no cache lines");
        Requires.Native();
        using MappedRegion region = TheFile.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = PersistGranularity.CacheLine });
        RegionWriter writer = region.CreateWriter();

        Task<FlushResult> flush = writer.WriteAsync("record"u8.ToArray(), Token).AsTask();

        Assert.True(flush.IsCompletedSuccessfully);
        Assert.Equal(6, writer.DurablePosition);
    }

    [Fact]
    public async Task Where_there_is_no_room_the_call_says_so_and_nothing_is_written()
    {
        RegionWriter writer = Region.CreateWriter(Offset, 100);
        await writer.WriteAsync(new byte[90], Token);

        Assert.Equal(10, writer.GetMemory(10).Length);
        writer.GetSpan(11)[..11].Fill(1);
        RegionFullException full = Assert.Throws<RegionFullException>(() => writer.Advance(11));
        Assert.Equal((TheFile.Path, Offset + 90L, 11L, 10L, 28), (full.Path, full.Position, full.Needed, full.Available, full.HResult));
        Assert.Throws<RegionFullException>(() => writer.GetSpan(int.MaxValue).Length);
        await Assert.ThrowsAsync<RegionFullException>(() => writer.WriteAsync(Enumerable.Repeat((byte)1, 11).ToArray(), Token).AsTask());
        Assert.Equal((Offset + 90L, 0, (byte)0), (writer.Position, writer.UnflushedBytes, Region.Read<byte>(Offset + 90)));
        writer.GetSpan()[..10].Fill(2);
        writer.Advance(10);
        writer.GetMemory().Span[0] = 3;
        Assert.Throws<RegionFullException>(() => writer.Advance(1));
        await writer.FlushAsync(Token);
        await writer.WriteAsync(default, Token);
        Assert.Equal(
            (Offset + 100L, (byte)2, (byte)0), (writer.DurablePosition, Region.Read<byte>(Offset + 99), Region.Read<byte>(Offset + 100)));
    }

    [Fact]
    public async Task Nothing_can_be_advanced_after_a_record()
    {
        RegionWriter writer = Region.CreateWriter(Offset);
        writer.Write("record"u8);
        await writer.FlushAsync(Token);

        writer.Advance(0);

        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Advance(1));
        Assert.Equal((Offset + 6L, 0L), (writer.Position, writer.UnflushedBytes));
    }

    [Fact]
    public void The_memory_is_the_region_s()
    {
        RegionWriter writer = Region.CreateWriter(Offset);

        writer.GetMemory(8).Span[3] = 1;
        writer.GetSpan(8)[4] = 2;

        Assert.Equal((1, 2), (Region.Read<byte>(Offset + 3), Region.Read<byte>(Offset + 4)));
    }

    [Fact]
    public void A_region_for_reading_has_no_writer()
    {
        using MappedRegion region = TheFile.Map(MapOptions.DirectOrEmulated with { Access = MappingAccess.Read });

        Assert.Throws<NotSupportedException>(() => region.CreateWriter());
        Assert.Throws<NotSupportedException>(() => TheFile.CreateWriter(MapOptions.DirectOrEmulated with { Access = MappingAccess.Read }));
        Assert.Equal(2, TheFile.GetLeases().Count); // nothing was left behind
    }

    [Fact]
    public async Task A_region_that_was_disposed_says_so()
    {
        RegionWriter writer = Region.CreateWriter();
        writer.Write("record"u8);
        Region.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => writer.FlushAsync(Token).AsTask());
        Assert.Throws<ObjectDisposedException>(() => writer.GetMemory());
        Assert.Equal(0, writer.DurablePosition);
        writer.Complete(new IOException()); // throws nothing
        RegionWriter other = Region.CreateWriter(options: new RegionWriterOptions { Durable = false });
        Assert.Throws<ObjectDisposedException>(() => other.GetSpan().Length);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => other.WriteAsync(new byte[1], Token).AsTask());
    }

    [Fact]
    public async Task What_was_advanced_before_a_revocation_and_not_flushed_is_told_by_the_flush()
    {
        NeedsLinuxBacking("memory keeps the file mapped");
        RegionWriter durable = Region.CreateWriter();
        RegionWriter plain = Region.CreateWriter(Offset, options: new RegionWriterOptions { Durable = false });
        RegionWriter out1 = Region.CreateWriter();
        durable.Write("record"u8);
        plain.Write("record"u8);
        Memory<byte> memory = out1.GetMemory(8);

        Region.Core.Mapping.Invalidate(MappingLife.Revoked);

        Assert.Equal(FaultCause.Revoked, (await Assert.ThrowsAsync<MappingFaultException>(() => durable.FlushAsync(Token).AsTask())).Cause);
        Assert.Equal(FaultCause.Revoked, (await Assert.ThrowsAsync<MappingFaultException>(() => plain.FlushAsync(Token).AsTask())).Cause);
        Assert.Throws<MappingFaultException>(() => memory.Span.Length);
        Assert.Throws<MappingFaultException>(() => out1.GetSpan().Length);
        Assert.Equal((0, Offset), (durable.DurablePosition, plain.DurablePosition));
    }

    [Fact]
    public async Task Serializers_write_into_the_region()
    {
        RegionWriter writer = Region.CreateWriter(options: new RegionWriterOptions { BufferSize = 4096 });
        int[] numbers = [.. Enumerable.Range(0, 5000)];

        await using (Utf8JsonWriter json = new((IBufferWriter<byte>)writer))
        {
            JsonSerializer.Serialize(json, numbers);
        }

        long jsonLength = writer.UnflushedBytes;
        Struct message = new() { Fields = { ["name"] = Value.ForString(new string('x', 9000)), ["number"] = Value.ForNumber(42) } };
        message.WriteTo(writer);
        await writer.FlushAsync(Token);

        byte[] text = new byte[jsonLength];
        Region.CopyTo(0, text);
        Assert.Equal(numbers, JsonSerializer.Deserialize<int[]>(text));
        ReadResult proto = await Region.CreateReader(
            jsonLength, writer.DurablePosition - jsonLength, new RegionReaderOptions { BufferSize = 100_000 }).ReadAsync(Token);
        Assert.Equal(message, Struct.Parser.ParseFrom(proto.Buffer));
    }

    [Fact]
    public async Task Where_memory_keeps_the_file_mapped_a_flush_takes_it_back()
    {
        Assert.SkipUnless(Backing == FileBackingKind.Portable, "Linux replaces the pages");
        RegionWriter writer = Region.CreateWriter();
        writer.Write("record"u8);
        await writer.FlushAsync(Token);
        writer.GetMemory();
        await writer.FlushAsync(Token); // of nothing

        Region.Dispose();

        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
    }

    public override void Dispose()
    {
        _reference.Dispose();
        base.Dispose();
    }
}
