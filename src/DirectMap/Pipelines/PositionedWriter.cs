using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace DirectMap.Pipelines;

/// <summary>
/// What all writers have in common. Invariants:
/// <list type="number">
/// <item>start &lt;= durable &lt;= flushed &lt;= position &lt;= end, and position + handed out &lt;= end, unless it is scratch. Durable and
/// flushed are one where flushes make durable; otherwise durable is start. None of them goes back.</item>
/// <item>Where there is less up to the end than asked for, scratch is handed out: copies of a stream ask once more to see that nothing is
/// left, and serializers ask for the most they may need. So as much is handed out as was asked for, which callers count on, whatever may
/// come of it. It is stored when it is advanced, and nothing beyond the end ever is.</item>
/// <item>Flushed moves when the bytes up to there are as durable as was asked for, and never otherwise: not when that failed, not
/// when it was cancelled.</item>
/// <item>What was handed out is taken back by a flush, as the BCL's writer over a stream does.</item>
/// <item>After a failure that may have cost bytes nothing moves any more: of a page that could not be written the kernel believes at the
/// next sync that it was.</item>
/// <item>One call at a time; while a flush is under way, none. So all fields but the positions, which others may read, belong to the caller
/// or to its flush. <see cref="CancelPendingFlush"/> comes from any thread, and touches nothing but the cancellation.</item>
/// </list>
/// Where the BCL's writers differ it is as with PipeWriter.Create of a stream: a flush of nothing does nothing and heeds no cancellation, a
/// cancelled flush leaves the bytes unflushed. But writing after Complete fails, as with a Pipe.
/// </summary>
internal abstract class PositionedWriter(string path, long start, long end, bool isDurable) : RegionWriter
{
    /// <summary>Scratch of at most so many bytes is kept for the next time.</summary>
    private const int KeptScratch = 64 << 10;

    private readonly FlushCancellation _cancellation = new();
    private ExceptionDispatchInfo? _failure;
    private readonly long _start = start;
    private long _position = start;
    private long _flushed = start;
    private int _handedOut;
    private byte[]? _scratch;
    private int _scratchAt = -1; // where in the scratch the position is; -1: what was handed out is no scratch
    private bool _isCompleted;
    private bool _isFlushing;

    public sealed override long Position => Volatile.Read(ref _position);

    public sealed override long DurablePosition => isDurable ? Flushed : _start;

    public sealed override long EndPosition => end;

    public sealed override bool CanGetUnflushedBytes => true;

    public sealed override long UnflushedBytes => _isCompleted ? 0 : Unflushed;

    protected long Flushed => Volatile.Read(ref _flushed);

    /// <summary>Also of a writer that was completed, whose last flush is being made.</summary>
    protected long Unflushed => Position - Flushed;

    /// <summary>Whether a flush has nothing to wait for.</summary>
    protected abstract bool FlushesInline { get; }

    public sealed override Memory<byte> GetMemory(int sizeHint = 0)
    {
        int needed = Check(sizeHint);
        TakeBack();
        Memory<byte> memory = TakesScratch(needed) ? Scratch(needed) : HandOutMemory(needed);
        _handedOut = memory.Length;
        AssertHandedOut(needed);
        return memory;
    }

    public sealed override Span<byte> GetSpan(int sizeHint = 0)
    {
        int needed = Check(sizeHint);
        TakeBack();
        Span<byte> span = TakesScratch(needed) ? Scratch(needed) : HandOutSpan(needed);
        _handedOut = span.Length;
        AssertHandedOut(needed);
        return span;
    }

    public sealed override void Advance(int bytes)
    {
        ThrowIfFlushing();
        if ((uint)bytes > (uint)_handedOut)
        {
            throw new ArgumentOutOfRangeException(nameof(bytes), bytes, $"{_handedOut} bytes of what was handed out can be advanced over.");
        }

        if (_scratchAt >= 0)
        {
            ThrowIfFull(bytes); // Again and again: a serializer that is disposed tries once more what has failed.
        }

        int left = _handedOut - bytes;
        _handedOut = 0; // When it is refused it is gone.
        if (_scratchAt < 0 || bytes == 0)
        {
            Accept(bytes);
        }
        else
        {
            Store(_scratch.AsSpan(_scratchAt, bytes));
            _scratchAt += bytes;
        }

        _handedOut = left;
    }

    public sealed override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfFlushing();
        TakeBack();
        if (UnflushedBytes == 0)
        {
            EndRecord();
            return default;
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        }

        if (_failure is not null)
        {
            return ValueTask.FromException<FlushResult>(_failure.SourceException);
        }

        if (_cancellation.TryTake())
        {
            return ValueTask.FromResult(new FlushResult(isCanceled: true, isCompleted: false));
        }

        if (!FlushesInline)
        {
            return WaitForFlushAsync(cancellationToken);
        }

        try
        {
            MakeDurable();
            return default;
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<FlushResult>(exception);
        }
    }

    public sealed override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        ThrowIfUnusable();
        if (!source.IsEmpty)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                return ValueTask.FromCanceled<FlushResult>(cancellationToken);
            }

            try
            {
                Check(source.Length);
                ThrowIfFull(source.Length);
                TakeBack();
                Store(source.Span);
            }
            catch (Exception exception)
            {
                return ValueTask.FromException<FlushResult>(exception);
            }
        }

        return FlushAsync(cancellationToken);
    }

    public sealed override void CancelPendingFlush() => _cancellation.Cancel();

    public sealed override void Complete(Exception? exception = null)
    {
        if (!TryBeginCompletion(exception, out bool flushes))
        {
            return;
        }

        try
        {
            if (flushes)
            {
                MakeDurable();
            }
        }
        finally
        {
            LetGo();
        }
    }

    public sealed override async ValueTask CompleteAsync(Exception? exception = null)
    {
        if (!TryBeginCompletion(exception, out bool flushes))
        {
            return;
        }

        try
        {
            if (flushes)
            {
                await MakeDurableAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
        finally
        {
            LetGo();
        }
    }

    /// <summary>Memory at the position, at least so much of it.</summary>
    protected abstract Memory<byte> HandOutMemory(int size);

    /// <summary>The same as a span.</summary>
    protected abstract Span<byte> HandOutSpan(int size);

    /// <summary>Bytes that were handed out were written; moves the position, or throws.</summary>
    protected abstract void Accept(int bytes);

    /// <summary>Stores bytes for which there is room, and moves the position.</summary>
    protected abstract void Store(ReadOnlySpan<byte> source);

    /// <summary>Makes what is unflushed durable, and moves on; waits on the caller's thread.</summary>
    protected abstract void MakeDurable();

    /// <summary>The same without holding a thread.</summary>
    protected abstract ValueTask MakeDurableAsync(CancellationToken cancellationToken);

    /// <summary>A flush found nothing to do.</summary>
    protected abstract void EndRecord();

    /// <summary>The writer was completed.</summary>
    protected abstract void LetGo();

    protected void MovePosition(int bytes)
    {
        Debug.Assert(bytes >= 0 && _position + bytes <= end, "1: the position goes back, or behind the end");
        Debug.Assert(_failure is null || bytes == 0, "5: something moves after a failure");
        Volatile.Write(ref _position, _position + bytes);
    }

    protected void MoveFlushed(long to)
    {
        Debug.Assert(_flushed <= to && to <= _position, "1: what is flushed goes back, or passes the position");
        Debug.Assert(_failure is null, "5: something becomes durable after a failure");
        Volatile.Write(ref _flushed, to);
    }

    /// <summary>Bytes may be lost.</summary>
    protected void Fail(Exception exception) => _failure ??= ExceptionDispatchInfo.Capture(exception);

    [Conditional("DEBUG")]
    private void AssertHandedOut(int needed)
    {
        Debug.Assert(_handedOut >= needed, "2: less was handed out than was asked for");
        Debug.Assert(_scratchAt >= 0 || _position + _handedOut <= end, "1: what was handed out reaches behind the end");
    }

    /// <summary>Returns how many bytes are needed.</summary>
    private int Check(int sizeHint)
    {
        ThrowIfUnusable();
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        _failure?.Throw();
        return Math.Max(1, sizeHint);
    }

    private void ThrowIfFull(int needed)
    {
        if (end - _position < needed)
        {
            throw new RegionFullException
            {
                Path = path,
                Position = _position,
                Needed = needed,
                Available = end - _position
            };
        }
    }

    private bool TakesScratch(int needed)
    {
        bool takes = end - _position < needed;
        _scratchAt = takes ? 0 : -1;
        return takes;
    }

    private void TakeBack()
    {
        _handedOut = 0;
        if (_scratch?.Length > KeptScratch)
        {
            _scratch = null;
        }
    }

    /// <summary>
    /// Memory that is the writer's own. It is kept for the next time, since at the end it is asked for again and again, unless it is large.
    /// </summary>
    private byte[] Scratch(int needed)
    {
        if (_scratch is null || _scratch.Length < needed)
        {
            if (needed > Array.MaxLength)
            {
                ThrowIfFull(needed);
            }

            _scratch = new byte[needed];
        }

        return _scratch;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> WaitForFlushAsync(CancellationToken cancellationToken)
    {
        // Two reasons to stop, and they are told apart afterwards: so the caller's token does not go through the writer's own.
        CancellationToken own = _cancellation.Token;
        using CancellationTokenSource? both = cancellationToken.CanBeCanceled
            ? CancellationTokenSource.CreateLinkedTokenSource(own, cancellationToken)
            : null;
        _isFlushing = true;
        try
        {
            await MakeDurableAsync(both?.Token ?? own).ConfigureAwait(false);
            return default;
        }
        catch (OperationCanceledException) when (own.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            _cancellation.TryTake();
            return new FlushResult(isCanceled: true, isCompleted: false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        finally
        {
            _isFlushing = false;
        }
    }

    private bool TryBeginCompletion(Exception? exception, out bool flushes)
    {
        ThrowIfFlushing();
        flushes = false;
        if (_isCompleted)
        {
            return false;
        }

        flushes = exception is null && UnflushedBytes > 0;
        _handedOut = 0;
        _scratch = null;
        _isCompleted = true;
        if (flushes && _failure is not null)
        {
            LetGo();
            _failure.Throw();
        }

        return true;
    }

    private void ThrowIfUnusable()
    {
        ThrowIfFlushing();
        if (_isCompleted)
        {
            throw new InvalidOperationException("Writing is not allowed after writer was completed.");
        }
    }

    private void ThrowIfFlushing()
    {
        if (_isFlushing)
        {
            throw new InvalidOperationException("A flush is under way: await it first, or cancel it.");
        }
    }
}
