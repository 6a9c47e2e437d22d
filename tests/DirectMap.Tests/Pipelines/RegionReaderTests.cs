using System.Buffers;
using System.IO.Pipelines;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Pipelines;

/// <summary>A region read through a PipeReader: as the BCL's do it, and what only a region can do.</summary>
public abstract class RegionReaderTests : RegionTest
{
    private const int Offset = 5000; // not on a page boundary

    internal RegionReaderTests(FileBackingKind backing)
        : base(64 << 10, backing) => Region.CopyFrom(Offset, ReaderTable.Bytes);

    public static TheoryData<string> Cases => new(ReaderTable.All.Select(row => row.Name));

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task It_answers_as_the_BCL_s(string name)
    {
        ReaderTable.Case row = ReaderTable.All.Single(row => row.Name == name);
        string[] peers = [.. await Task.WhenAll(row.Peers.Select(peer => row.Run(ReaderTable.Peer(peer))))];
        Assert.Single(peers.Distinct());

        foreach (long size in row.AnyPortions ? [long.MaxValue, 4096, 100, 1] : new long[] { long.MaxValue, ReaderTable.Length })
        {
            Assert.Equal(peers[0], await row.Run(Read(size)));
        }
    }

    [Fact]
    public async Task A_portion_has_the_buffer_size_beyond_what_was_examined_and_begins_with_what_was_not_consumed()
    {
        PipeReader reader = Read(1000);

        Assert.Equal((1000, false), Seen(await reader.ReadAsync(Token)));
        Advance(reader, 10, 1000);
        Assert.Equal((1990, false), Seen(await reader.ReadAsync(Token)));
        Advance(reader, 10, 500);
        Assert.Equal((1980, false), Seen(await reader.ReadAsync(Token)));
        Advance(reader, 1980, 1980);
        Assert.Equal((1000, false), Seen(await reader.ReadAsync(Token)));
        Assert.Equal((6000, false), Seen(await reader.ReadAtLeastAsync(5001, Token)));
        Advance(reader, 6000, 6000);
        Assert.Equal((1000, false), Seen(await reader.ReadAsync(Token)));
        Advance(reader, 1000, 1000);
        Assert.Equal((1000, true), Seen(await reader.ReadAsync(Token)));

        static (long, bool) Seen(ReadResult read) => (read.Buffer.Length, read.IsCompleted);

        static void Advance(PipeReader reader, long consumed, long examined)
        {
            Assert.True(reader.TryRead(out ReadResult read)); // the same buffer
            reader.AdvanceTo(read.Buffer.GetPosition(consumed), read.Buffer.GetPosition(examined));
        }
    }

    [Fact]
    public async Task The_buffer_is_the_region_s_memory()
    {
        PipeReader reader = Read(long.MaxValue);
        ReadResult read = await reader.ReadAsync(Token);

        Region.Write(Offset + 7, (byte)200);

        Assert.Equal(200, read.Buffer.FirstSpan[7]);
    }

    [Fact]
    public async Task A_position_of_another_reader_or_an_older_buffer_is_a_bad_argument_and_the_buffer_stays()
    {
        PipeReader reader = Read(100);
        PipeReader other = Read(100);
        ReadResult older = await reader.ReadAsync(Token);
        reader.AdvanceTo(older.Buffer.End);
        ReadResult read = await reader.ReadAsync(Token);
        ReadResult foreign = await other.ReadAsync(Token);

        Assert.Throws<ArgumentOutOfRangeException>(() => reader.AdvanceTo(foreign.Buffer.End));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.AdvanceTo(older.Buffer.End));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.AdvanceTo(read.Buffer.Start, foreign.Buffer.End));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.AdvanceTo(new SequencePosition(read.Buffer.Start.GetObject(), 101)));
        reader.AdvanceTo(read.Buffer.GetPosition(1));
        Assert.Equal(ReaderTable.Bytes[101], (await reader.ReadAsync(Token)).Buffer.FirstSpan[0]);
    }

    [Fact]
    public async Task A_buffer_that_was_consumed_is_not_used_any_more()
    {
        PipeReader reader = Read(100);
        ReadResult read = await reader.ReadAsync(Token);
        ReadOnlyMemory<byte> first = read.Buffer.First;
        reader.AdvanceTo(read.Buffer.End);

        Assert.Throws<ObjectDisposedException>(() => first.Span.Length);
    }

    [Theory]
    [InlineData(-1, 1L)]
    [InlineData(0, -1L)]
    [InlineData(0, (64 << 10) + 1L)]
    [InlineData((64 << 10) + 1, null)]
    [InlineData((64 << 10) + 1, 0L)]
    [InlineData(long.MaxValue, 1L)]
    public void A_range_outside_the_region_is_a_bad_argument(long offset, long? length)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Region.CreateReader(offset, length));
        Assert.Throws<ArgumentOutOfRangeException>(() => Region.CreateWriter(offset, length));
    }

    [Fact]
    public void A_buffer_of_nothing_is_a_bad_argument()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Read(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Region.CreateWriter(options: new RegionWriterOptions { BufferSize = 0 }));
    }

    [Fact]
    public async Task An_empty_range_is_completed_at_once()
    {
        ReadResult read = await Region.CreateReader(Region.Length).ReadAsync(Token);

        Assert.True(read is { IsCompleted: true, IsCanceled: false, Buffer.IsEmpty: true });
        Assert.False(Region.CreateReader(0, 0).TryRead(out _));
    }

    [Fact]
    public async Task After_the_region_was_disposed_each_call_says_so_but_Complete_with_an_exception()
    {
        PipeReader[] readers = [.. Enumerable.Range(0, 5).Select(_ => Read(100))];
        ReadResult[] reads = [.. readers.Select(reader => reader.ReadAsync(Token).AsTask().Result)];
        Region.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => readers[0].ReadAsync(Token).AsTask());
        Assert.Throws<ObjectDisposedException>(() => readers[1].TryRead(out _));
        Assert.Throws<ObjectDisposedException>(() => readers[2].AdvanceTo(reads[2].Buffer.End));
        Assert.Throws<ObjectDisposedException>(() => readers[3].Complete());
        readers[4].Complete(new IOException());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => readers[2].CopyToAsync(new MemoryStream(), Token));
    }

    [Fact]
    public async Task A_fault_that_AdvanceTo_told_is_not_told_by_Complete_again()
    {
        PipeReader reader = Read(100);
        ReadResult read = await reader.ReadAsync(Token);
        Region.Dispose();
        Assert.Throws<ObjectDisposedException>(() => reader.AdvanceTo(read.Buffer.Start));

        await reader.CompleteAsync();
    }

    [Fact]
    public async Task Completing_leaves_the_region_as_it_is()
    {
        PipeReader reader = Read(100);
        await reader.ReadAsync(Token);
        reader.Complete();

        Region.Write(0, 1L);
    }

    [Fact]
    public async Task After_a_revocation_the_next_call_says_so_and_nothing_was_consumed()
    {
        NeedsLinuxBacking("memory keeps the file mapped");
        PipeReader[] readers = [.. Enumerable.Range(0, 4).Select(_ => Read(100))];
        ReadResult[] reads = [.. readers.Select(reader => reader.ReadAsync(Token).AsTask().Result)];
        byte[] bytes = new byte[10];
        reads[0].Buffer.Slice(0, 10).CopyTo(bytes);
        using DirectFile other = Open();
        Assert.Throws<LeaseConflictException>(() => other.Write([1], 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        PassDeadline();
        Soon.Until(() => Region.Core.Mapping.IsDetached, "the pages are replaced");

        Assert.Equal(
            FaultCause.Revoked, Assert.Throws<MappingFaultException>(() => readers[0].AdvanceTo(reads[0].Buffer.GetPosition(10))).Cause);
        Assert.Equal(
            FaultCause.Revoked, (await Assert.ThrowsAsync<MappingFaultException>(() => readers[1].ReadAsync(Token).AsTask())).Cause);
        Assert.Equal(FaultCause.Revoked, Assert.Throws<MappingFaultException>(() => readers[2].Complete()).Cause);
        Assert.Equal(FaultCause.Revoked, Assert.Throws<MappingFaultException>(() => reads[3].Buffer.FirstSpan.Length).Cause);
        Assert.Throws<MappingFaultException>(() => readers[0].TryRead(out _));
    }

    [Fact]
    public async Task Where_memory_keeps_the_file_mapped_it_is_given_back_when_it_was_advanced()
    {
        Assert.SkipUnless(Backing == FileBackingKind.Portable, "Linux replaces the pages");
        PipeReader reader = Read(100);
        ReadResult read = await reader.ReadAsync(Token);
        reader.AdvanceTo(read.Buffer.GetPosition(1));
        Region.Dispose();

        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reader.ReadAsync(Token).AsTask());
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private PipeReader Read(long bufferSize) =>
        Region.CreateReader(Offset, ReaderTable.Length, new RegionReaderOptions { BufferSize = bufferSize });
}
