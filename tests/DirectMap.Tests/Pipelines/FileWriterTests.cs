using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Pipelines;

/// <summary>
/// A writer that lets go of the file when somebody wants it, and goes on. Whoever breaks the lease here is the last owner of the file.
/// </summary>
public sealed class FileWriterTests : FileTest
{
    private const int Length = 64 << 10;
    private const int Offset = 100;

    private readonly DirectFile _file;
    private readonly DirectFile _other;
    private readonly RegionWriter _writer;

    public FileWriterTests()
    {
        _file = Create(Length);
        _other = Open();
        _writer = _file.CreateWriter(MapOptions.DirectOrEmulated, Offset);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private int Leases => Coordinator.Snapshot(_file.Id).Leases.Count;

    [Fact]
    public async Task Between_records_it_lets_go_at_once_and_a_breaker_finds_what_was_flushed()
    {
        await Write("first");

        await _other.WriteAsync("x"u8.ToArray(), Length - 1, cancellationToken: Token).AsTask().Within();

        Assert.Equal(("first", 0), (Content(), Leases));
        await Write("second");
        Assert.Equal(("firstsecond", 1), (Content(), Leases));
        Assert.Equal((Offset + 11, Offset + 11), (_writer.Position, _writer.DurablePosition));
    }

    [Fact]
    public async Task Within_a_record_the_breaker_waits_for_the_flush_that_ends_it_and_finds_the_whole()
    {
        _writer.Write("rec"u8);
        Task broken = Break();
        _writer.Write("ord"u8);
        Assert.False(broken.IsCompleted);
        Assert.Equal(RegionState.Breaking, StateOfHolder());

        await _writer.FlushAsync(Token).AsTask().Within();

        Assert.Equal(Offset + 6, _writer.DurablePosition);
        await broken.Within();
        Assert.Equal("record", Content());
    }

    [Fact]
    public async Task Memory_that_was_handed_out_begins_a_record_and_one_of_which_nothing_came_ends_it()
    {
        _writer.GetMemory();
        Task broken = Break();
        Assert.Equal(RegionState.Breaking, StateOfHolder());

        _writer.Advance(0);

        await broken.Within();
        _writer.GetMemory();
        await _writer.FlushAsync(Token);
        await Write("first");
        _writer.GetMemory();
        broken = Break();
        Assert.Equal(RegionState.Breaking, StateOfHolder());
        await _writer.FlushAsync(Token); // of nothing
        await broken.Within();
    }

    [Fact]
    public async Task Memory_that_was_advanced_by_nothing_before_the_break_is_refused_after_it_and_touching_it_harms_nobody()
    {
        Memory<byte> memory = _writer.GetMemory(6);
        (FileRange Range, int Length) late = Late();

        Assert.Equal((new FileRange(Offset, 6), 6), late);
        Assert.Throws<ObjectDisposedException>(() => memory.Span[0] = 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => _writer.Advance(1));
        await Write("first");
        Assert.Equal("first", Content());

        (FileRange, int) Late()
        {
            Span<byte> span = _writer.GetSpan(6)[..6];
            _writer.Advance(0);
            _other.Write("x"u8, Length - 1); // It lets go at once.
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Encoding.ASCII.GetBytes("second", span);
            try
            {
                _writer.Advance(6);
                return default;
            }
            catch (MappingFaultException fault) when (fault.Cause == FaultCause.Revoked)
            {
                return (fault.Range, span.Length);
            }
        }
    }

    [Fact]
    public async Task While_somebody_has_the_file_the_producer_writes_on_and_the_flush_waits()
    {
        await Write("first");
        using ILayoutRight right = await _other.BreakLayoutAsync(FileRange.Whole, cancellationToken: Token);

        foreach (string word in (string[])["se", "co", "nd"])
        {
            Encoding.ASCII.GetBytes(word, _writer.GetSpan(2)); // ordinary memory
            _writer.Advance(2);
        }

        Task<FlushResult> flush = _writer.WriteAsync("third"u8.ToArray(), Token).AsTask();
        Assert.False(flush.IsCompleted);
        Assert.Equal((Offset + 16L, Offset + 5L, 11L), (_writer.Position, _writer.DurablePosition, _writer.UnflushedBytes));
        Assert.Equal("first", Content());

        right.Dispose();
        await flush.Within();
        Assert.Equal(("firstsecondthird", Offset + 16L), (Content(), _writer.DurablePosition));
    }

    [Fact]
    public async Task A_flush_that_waits_for_the_file_can_be_cancelled_and_the_bytes_stay()
    {
        using CancellationTokenSource source = new();
        ILayoutRight right = await _other.BreakLayoutAsync(FileRange.Whole, cancellationToken: Token);
        Task<FlushResult> first = _writer.WriteAsync("first"u8.ToArray(), Token).AsTask();
        _writer.CancelPendingFlush();
        Assert.True((await first.Within()).IsCanceled);
        Task<FlushResult> second = _writer.FlushAsync(source.Token).AsTask();
        await source.CancelAsync();
        Assert.Equal(source.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(second.Within)).CancellationToken);

        right.Dispose();
        await Write("second");

        Assert.Equal("firstsecond", Content());
    }

    [Fact]
    public async Task Where_there_is_no_room_ordinary_memory_has_none_either()
    {
        RegionWriter small = _file.CreateWriter(MapOptions.DirectOrEmulated with { Range = new FileRange(0, PageSize) }, PageSize - 10);
        using ILayoutRight right = await _other.BreakLayoutAsync(FileRange.Whole, cancellationToken: Token);

        Assert.Equal(10, small.GetMemory().Length);
        small.GetMemory(11);
        Assert.Throws<RegionFullException>(() => small.Advance(11));
        small.Complete(new IOException());
    }

    [Fact]
    public async Task When_the_deadline_passes_within_a_record_what_was_advanced_is_kept_whatever_becomes_of_the_file()
    {
        await Write("first");
        _writer.Write("sec"u8);
        Task broken = Break();
        _writer.Write("ond"u8);
        PassDeadline();
        await broken.Within();
        await Overwrite("-----------------");

        _writer.Write("third"u8);
        await _writer.FlushAsync(Token).AsTask().Within();

        Assert.Equal("-----secondthird-", Content(17));
        Assert.Equal(Offset + 16, _writer.DurablePosition);
    }

    [Fact]
    public async Task Memory_that_is_advanced_after_the_deadline_is_refused_and_the_writer_goes_on()
    {
        _writer.Write("first"u8);
        Memory<byte> memory = _writer.GetMemory(6);
        Task broken = Break();
        Encoding.ASCII.GetBytes("second", memory.Span);
        PassDeadline();
        await broken.Within();

        MappingFaultException fault = Assert.Throws<MappingFaultException>(() => _writer.Advance(6));

        Assert.Equal((FaultCause.Revoked, new FileRange(Offset + 5, 6)), (fault.Cause, fault.Range));
        Assert.Throws<ArgumentOutOfRangeException>(() => _writer.Advance(1));
        Assert.Equal(Offset + 5, _writer.Position);
        _writer.Write("second"u8);
        await _writer.FlushAsync(Token).AsTask().Within();
        Assert.Equal("firstsecond", Content());
    }

    [Fact]
    public async Task A_file_that_was_made_too_short_is_told_by_the_flush_and_the_bytes_are_kept_until_it_has_its_length_again()
    {
        await Write("first");
        await _other.SetLengthAsync(50, cancellationToken: Token).AsTask().Within();

        await Assert.ThrowsAsync<MapRefusedException>(() => _writer.WriteAsync("second"u8.ToArray(), Token).AsTask());
        await Assert.ThrowsAsync<MapRefusedException>(() => _writer.FlushAsync(Token).AsTask());
        Assert.Equal((Offset + 5, 6), (_writer.DurablePosition, _writer.UnflushedBytes));
        await _other.SetLengthAsync(Length, cancellationToken: Token);
        _other.Prepare();
        await Write("third");

        Assert.Equal("\0\0\0\0\0secondthird", Content());
    }

    [Fact]
    public async Task A_lease_that_is_revoked_again_before_anything_was_mapped_is_waited_for_once_more()
    {
        RevokingCoordinator coordinator = new(Coordinator);
        DirectFileOptions options = Options with { Coordinator = coordinator };
        using DirectFile file = DirectFile.Create(Folder.File("revoked"), PageSize, options);
        using DirectFile other = DirectFile.Open(Folder.File("revoked"), options);
        RegionWriter writer = file.CreateWriter(MapOptions.DirectOrEmulated);
        await other.WriteAsync("x"u8.ToArray(), 0, cancellationToken: Token).AsTask().Within();
        coordinator.Left = 2;

        await writer.WriteAsync("record"u8.ToArray(), Token).AsTask().Within();

        Assert.Equal((0, 6L), (coordinator.Left, writer.DurablePosition));
        writer.Complete();
    }

    [Fact]
    public async Task When_nobody_told_the_writer_in_time_what_was_advanced_is_a_failure_and_what_was_not_is_refused()
    {
        RevokingCoordinator coordinator = new(Coordinator);
        using DirectFile file = DirectFile.Create(Folder.File("untold"), PageSize, Options with { Coordinator = coordinator });
        RegionWriter writer = file.CreateWriter(MapOptions.DirectOrEmulated);
        writer.GetMemory(6);
        coordinator.RevokeLast();
        Assert.Equal(FaultCause.Revoked, Assert.Throws<MappingFaultException>(() => writer.Advance(6)).Cause);
        await writer.WriteAsync("first"u8.ToArray(), Token).AsTask().Within();
        writer.Write("second"u8);
        coordinator.RevokeLast();

        Assert.Equal(FaultCause.Revoked, (await Assert.ThrowsAsync<MappingFaultException>(() => writer.FlushAsync(Token).AsTask())).Cause);
        Assert.Throws<MappingFaultException>(() => writer.GetMemory());
        Assert.Throws<MappingFaultException>(() => writer.Complete());
        Assert.Equal((5L, 11L), (writer.DurablePosition, writer.Position));
    }

    [Fact]
    public async Task The_last_flush_of_Complete_waits_as_well_and_then_it_lets_go()
    {
        using (ILayoutRight right = await _other.BreakLayoutAsync(FileRange.Whole, cancellationToken: Token))
        {
            _writer.Write("first"u8);
        }

        _writer.Complete();

        Assert.Equal(("first", 0, Offset + 5L), (Content(), Leases, _writer.DurablePosition));
        RegionWriter given = _file.CreateWriter(MapOptions.DirectOrEmulated, Offset + 5);
        given.Write("second"u8);
        await given.CompleteAsync(new IOException());
        Assert.Equal((0, Offset + 5L), (Leases, given.DurablePosition));
    }

    [Fact]
    public async Task The_user_s_callback_is_called_when_the_writer_has_done_what_it_does_at_once()
    {
        TaskCompletionSource<(LeaseBreak Why, RegionState State)> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _writer.Complete();
        RegionWriter writer = await _file.CreateWriterAsync(
            MapOptions.DirectOrEmulated with { OnBreak = (region, why) => told.SetResult((why, region.State)) }, cancellationToken: Token);

        await _other.WriteAsync("x"u8.ToArray(), 0, cancellationToken: Token).AsTask().Within();

        (LeaseBreak why, RegionState state) = await told.Task.Within();
        Assert.Equal((LayoutOperation.Write, RegionState.Disposed), (why.Operation, state));
        writer.Complete();
    }

    [Fact]
    public async Task A_callback_that_disposes_the_region_within_a_record_loses_no_byte_that_was_advanced()
    {
        _writer.Complete();
        RegionWriter writer = _file.CreateWriter(MapOptions.DirectOrEmulated with { OnBreak = (region, _) => region.Dispose() }, Offset);
        writer.Write("first"u8);
        Memory<byte> memory = writer.GetMemory(6);
        await _other.WriteAsync("-----"u8.ToArray(), Offset, cancellationToken: Token).AsTask().Within();

        Assert.Throws<MappingFaultException>(() => writer.Advance(6));
        writer.Write("second"u8);
        await writer.WriteAsync("third"u8.ToArray(), Token).AsTask().Within();

        Assert.Equal(Offset + 16, writer.DurablePosition);
        Assert.Equal("firstsecondthird", Content(16));
        writer.Complete();
    }

    [Fact]
    public async Task A_break_of_which_the_callback_was_told_before_there_was_a_writer_is_answered_by_it()
    {
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task broken = Task.CompletedTask;

        RegionWriter writer = DirectMap.Pipelines.FilePipeWriter.CreateWith(
            _ =>
            {
                broken = _other.WriteAsync("x"u8.ToArray(), Length - 1, cancellationToken: Token).AsTask();
                Assert.True(told.Task.Wait(Soon.Patience, Token));
            },
            _file,
            MapOptions.DirectOrEmulated with { OnBreak = (_, _) => told.SetResult() });

        await broken.Within();
        await writer.WriteAsync("first"u8.ToArray(), Token).AsTask().Within();
        writer.Complete();
    }

    [Fact]
    public void What_cannot_let_go_or_does_not_fit_is_a_bad_argument_and_nothing_is_left_behind()
    {
        _writer.Complete();

        Assert.Throws<ArgumentNullException>(() => _file.CreateWriter(null!));
        Assert.Throws<ArgumentException>(() => _file.CreateWriter(MapOptions.Ordinary));
        Assert.Throws<ArgumentOutOfRangeException>(() => _file.CreateWriter(MapOptions.DirectOrEmulated, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _file.CreateWriter(MapOptions.DirectOrEmulated, Length + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            _file.CreateWriter(MapOptions.DirectOrEmulated, 0, new RegionWriterOptions { BufferSize = 0 }));
        Assert.Equal(0, Leases);
        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
    }

    public override void Dispose()
    {
        _writer.Complete(new IOException());
        _other.Dispose();
        _file.Dispose();
        base.Dispose();
    }

    private async Task Write(string text) =>
        Assert.False((await _writer.WriteAsync(Encoding.ASCII.GetBytes(text), Token).AsTask().Within()).IsCanceled);

    /// <summary>Somebody wants the file, and the holder has been told.</summary>
    private Task Break()
    {
        Task broken = _other.BreakLayoutAsync(FileRange.Whole, cancellationToken: Token).AsTask()
            .ContinueWith(right => right.Result.Dispose(), Token, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
        Soon.Until(() => broken.IsCompleted || IsTold(), "the writer is told");
        return broken;
    }

    /// <summary>The callback has been here when there is a copy, or no mapping.</summary>
    private bool IsTold() => ((DirectMap.Pipelines.FilePipeWriter)_writer).HasHeardOfBreak;

    private RegionState StateOfHolder() =>
        Coordinator.Snapshot(_file.Id).Leases.Single().State == LeaseState.Breaking ? RegionState.Breaking : RegionState.Active;

    private async Task Overwrite(string text) =>
        await _other.WriteAsync(Encoding.ASCII.GetBytes(text), Offset, cancellationToken: Token).AsTask().Within();

    private string Content(int? length = null)
    {
        byte[] content = new byte[length ?? _writer.DurablePosition - Offset];
        _other.Read(content, Offset);
        return Encoding.ASCII.GetString(content);
    }

    /// <summary>Some leases are revoked as soon as they are granted.</summary>
    private sealed class RevokingCoordinator(LeaseCoordinator inner) : PassingCoordinator(inner)
    {
        private LeaseRequest? _last;

        internal int Left { get; set; }

        /// <summary>As at a deadline, but that no break was begun.</summary>
        internal void RevokeLast() => _last!.Revoke!(null!);

        public override ILayoutLease Acquire(LeaseRequest request) => Inner.Acquire(_last = request);

        public override async ValueTask<ILayoutLease> AcquireAsync(LeaseRequest request, CancellationToken cancellationToken = default)
        {
            ILayoutLease lease = await Inner.AcquireAsync(_last = request, cancellationToken);
            if (Left > 0)
            {
                Left--;
                request.Revoke!(null!);
            }

            return lease;
        }
    }
}
