using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace DirectMap.Pipelines;

/// <summary>
/// Reads a range of a region. Invariants:
/// <list type="number">
/// <item>start &lt;= consumed &lt;= examined &lt;= the window's end &lt;= end. All bytes are there from the beginning; a window is what was
/// handed out of them. A read hands out the window from consumed on, and opens another one when everything in it was examined: so each read
/// shows more than was examined, or is the last.</item>
/// <item>Consumed moves only over bytes that were the file's: the accesses first, then the region's word of before the window was opened
/// (see <see cref="MappedRegion.Confirm"/>). So a fault is told by the call that would move it, or by the next one.</item>
/// <item>The window's memory lives until it was consumed, or another window is opened, or the reader is completed; where memory
/// keeps the mapping from being taken away, until the next AdvanceTo. It throws afterwards, at its next use. The addresses live
/// as long as the region.</item>
/// <item>A window that was not confirmed is not used again: after the lost pages came back there is another word, and a read
/// opens another window.</item>
/// </list>
/// <see cref="CancelPendingRead"/> comes from any thread, and touches nothing but the flag; all else from one caller at a time.
/// <para>
/// Where the BCL's readers differ: a second AdvanceTo, a second read without one, TryRead at the end and a stale position are as with
/// PipeReader.Create of a sequence; a token that was cancelled and an examined position before the consumed one are as with a Pipe.
/// </para>
/// </summary>
internal sealed class RegionPipeReader(MappedRegion region, long offset, long end, RegionReaderOptions options) : PipeReader
{
    private RegionSequence? _window;
    private long _windowStart = offset;
    private long _windowEnd = offset;
    private nint _word; // the region's, before the window was opened
    private long _consumed = offset;
    private long _examined = offset;
    private bool _isOut; // a buffer was handed out, and nothing is known of it yet
    private bool _isCompleted;
    private int _isCanceled;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        ReadAtLeastAsyncCore(1, cancellationToken);

    public override bool TryRead(out ReadResult result)
    {
        ThrowIfCompleted();
        if (_consumed == end && Volatile.Read(ref _isCanceled) == 0)
        {
            result = default;
            return false;
        }

        result = Read(1);
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        ThrowIfCompleted();
        long newConsumed = OffsetOf(consumed, _consumed, nameof(consumed));
        long newExamined = OffsetOf(examined, newConsumed, nameof(examined));
        if (newExamined < newConsumed)
        {
            throw new InvalidOperationException("The examined position lies before the consumed one.");
        }

        Confirm(newExamined - _consumed);
        (_consumed, _examined, _isOut) = (newConsumed, newExamined, false);
        AssertOrder();
        if (newConsumed == _windowEnd)
        {
            CloseWindow();
        }
        else if (region.IsHeldByMemory)
        {
            _window!.Dispose();
            _word = 0; // So that the next read opens another one.
        }
    }

    public override void CancelPendingRead() => Volatile.Write(ref _isCanceled, 1);

    public override void Complete(Exception? exception = null)
    {
        if (_isCompleted)
        {
            return;
        }

        _isCompleted = true;
        try
        {
            if (_isOut && exception is null)
            {
                Confirm(_windowEnd - _consumed);
            }
        }
        finally
        {
            CloseWindow();
        }
    }

    public override Task CopyToAsync(Stream destination, CancellationToken cancellationToken = default) =>
        CompleteAtFaultAsync(base.CopyToAsync(destination, cancellationToken));

    public override Task CopyToAsync(PipeWriter destination, CancellationToken cancellationToken = default) =>
        CompleteAtFaultAsync(base.CopyToAsync(destination, cancellationToken));

    protected override ValueTask<ReadResult> ReadAtLeastAsyncCore(int minimumSize, CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        }

        try
        {
            return ValueTask.FromResult(Read(minimumSize));
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<ReadResult>(exception);
        }
    }

    private ReadResult Read(int minimum)
    {
        ReadOnlySequence<byte> buffer = _consumed < end ? Window(Math.Min(end, Math.Max(_consumed + minimum, _examined + 1))) : default;
        _isOut |= _consumed < end;
        return new ReadResult(
            buffer, isCanceled: Interlocked.Exchange(ref _isCanceled, 0) != 0, isCompleted: _consumed == end || _windowEnd == end);
    }

    /// <summary>The bytes from the consumed position on, at least up to another one.</summary>
    private ReadOnlySequence<byte> Window(long wanted)
    {
        if (_window is null || _windowEnd < wanted || _word != region.CurrentWord)
        {
            if (_isOut)
            {
                Confirm(_windowEnd - _consumed); // What was handed out without an AdvanceTo since may go on being used.
            }

            OpenWindow(wanted);
        }

        Confirm(_windowEnd - _consumed);
        return _window!.Sequence.Slice(_consumed - _windowStart);
    }

    private void OpenWindow(long wanted)
    {
        CloseWindow();
        long last = Math.Max(_windowEnd, wanted - 1 + Math.Min(options.BufferSize, end - wanted + 1)); // What was shown is shown again.
        nint word = region.CurrentWord;
        if (region.Facts.FaultReach == FaultReach.Page)
        {
            // Up to the first page that is lost, since all before it can be read; but if it is wanted, that is the fault to be told.
            foreach (FileRange lost in region.GetLostRanges())
            {
                long start = lost.Offset - region.FileOffset;
                last = start >= wanted ? Math.Min(last, start) : last;
            }
        }

        _window = region.GetSequence(_consumed, last - _consumed);
        (_windowStart, _windowEnd, _word) = (_consumed, last, word);
        AssertOrder();
        Debug.Assert(_windowEnd >= wanted, "1: a read shows no more than was examined");
    }

    [Conditional("DEBUG")]
    private void AssertOrder() => Debug.Assert(
        _windowStart <= _consumed && _consumed <= _examined && _examined <= _windowEnd && _windowEnd <= end,
        "1: a position goes back, or passes the next one");

    private void CloseWindow()
    {
        _window?.Dispose();
        _window = null;
        _isOut = false;
    }

    /// <summary>Whether the first bytes that are not consumed were the file's. If not, the buffer is no buffer any more.</summary>
    private void Confirm(long length)
    {
        if (_word == 0)
        {
            return;
        }

        try
        {
            region.Confirm(_word, _consumed, length, FaultAccess.Memory);
        }
        catch
        {
            CloseWindow();
            throw;
        }
    }

    /// <param name="position">Of a buffer of this reader; or none, which an empty buffer has.</param>
    /// <param name="none">What none stands for.</param>
    /// <param name="name">Whose it is.</param>
    private long OffsetOf(SequencePosition position, long none, string name)
    {
        if (position.GetObject() is null)
        {
            return none;
        }

        long? found = _window?.TryGetOffset(position) + _windowStart;
        return found >= _consumed ? found.Value : throw new ArgumentOutOfRangeException(
            name, "The position is not one of the buffer that was read last, or lies before what was consumed.");
    }

    private void ThrowIfCompleted()
    {
        if (_isCompleted)
        {
            throw new InvalidOperationException("Reading is not allowed after reader was completed.");
        }
    }

    /// <summary>
    /// The kernel tells of a page that it cannot provide by an error number, which looks like a fault of the destination's: so it is
    /// asked for the pages.
    /// </summary>
    private async Task CompleteAtFaultAsync(Task copying)
    {
        try
        {
            await copying.ConfigureAwait(false);
        }
        catch (Exception exception)
            when (exception is SocketException or (IOException and not MappingFaultException) && !_isCompleted && _consumed < _windowEnd)
        {
            if (region.FindUnreadable(_consumed, _windowEnd - _consumed) is { } fault)
            {
                throw fault;
            }

            throw;
        }
    }
}
