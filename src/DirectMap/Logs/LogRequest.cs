using DirectMap.Threading;

namespace DirectMap.Logs;

/// <summary>What the leader of a <see cref="LogQueue"/> does for somebody who waits: an append, several, or a trim.</summary>
internal abstract class LogRequest
{
    private Exception? _failure;

    /// <summary>Whether a thread waits for the answer, which may lead itself.</summary>
    internal abstract bool HasThread { get; }

    /// <summary>What was done: the number of the last record. For who waits, after the answer.</summary>
    protected long Sequence { get; private set; }

    /// <summary>Whether it has failed already, and only has to be answered.</summary>
    internal bool HasFailed => _failure is not null;

    /// <summary>Does it. Called by the leader.</summary>
    internal void Run(ILogWriter writer) => Sequence = Store(writer);

    /// <summary>What it throws where it waits.</summary>
    internal void SetFailure(Exception failure) => _failure ??= failure;

    /// <summary>Refuses it.</summary>
    internal void Fail(Exception failure)
    {
        SetFailure(failure);
        Answer();
    }

    /// <summary>Says that it is done, or why it is not. The last that a leader does with it.</summary>
    internal void Answer() => Uninterrupted.Run(this, static request => request.Answer(request._failure));

    /// <summary>Has its thread lead.</summary>
    internal abstract void Lead();

    protected abstract long Store(ILogWriter writer);

    protected abstract void Answer(Exception? failure);

    protected void Clear() => (_failure, Sequence) = (null, 0);
}

/// <summary>What a request may do.</summary>
internal interface ILogWriter
{
    int Alignment { get; }

    /// <summary>The number of the last record that is stored.</summary>
    long LastSequence { get; }

    /// <summary>Sees to it that so many bytes can be stored, or throws.</summary>
    void MakeRoom(long size);

    /// <summary>Stores a record for which there is room, and returns its number.</summary>
    long StoreRecord(ReadOnlySpan<byte> record);

    /// <summary>Gives up the records before one.</summary>
    void Trim(long sequence);
}

/// <summary>A request whose caller waits in a thread.</summary>
internal abstract class BlockingLogRequest : LogRequest
{
    private readonly WakeUp _wakeUp = new();
    private volatile bool _mustLead;
    private volatile bool _isAnswered;
    private Exception? _answer;

    internal override bool HasThread => true;

    internal override void Lead()
    {
        _mustLead = true;
        _wakeUp.Wake();
    }

    /// <summary>
    /// Waits until it is answered; leads when it is asked to. A wake-up may come twice, or late, for a request that is used again: what
    /// counts are the two flags. Both are seen at the latest after the sleep that their wake-up ends.
    /// </summary>
    /// <returns>The number of the last record.</returns>
    internal long Wait<TState>(TState state, Action<TState> lead)
    {
        while (!_isAnswered)
        {
            _wakeUp.Sleep();
            if (_mustLead)
            {
                _mustLead = false;
                lead(state);
            }
        }

        return _answer is null ? Sequence : throw _answer;
    }

    /// <summary>As new.</summary>
    protected void Renew()
    {
        Clear();
        (_mustLead, _isAnswered, _answer) = (false, false, null);
    }

    protected override void Answer(Exception? failure)
    {
        _answer = failure;
        _isAnswered = true;
        _wakeUp.Wake();
    }
}

/// <summary>
/// A record in a caller's span. The caller has it pinned, and does not return before the answer. One for each thread, used again and again.
/// </summary>
internal sealed unsafe class PinnedLogRequest : BlockingLogRequest
{
    [ThreadStatic]
    private static PinnedLogRequest? t_mine;

    private byte* _bytes;
    private int _length;

    internal static PinnedLogRequest For(byte* bytes, int length)
    {
        PinnedLogRequest mine = t_mine ??= new PinnedLogRequest();
        mine.Renew();
        mine._bytes = bytes;
        mine._length = length;
        return mine;
    }

    /// <summary>In bounds and alive: who waits has it pinned.</summary>
    protected override long Store(ILogWriter writer)
    {
        writer.MakeRoom(RecordHead.SizeOf(_length, writer.Alignment));
        return writer.StoreRecord(new ReadOnlySpan<byte>(_bytes, _length));
    }
}

/// <summary>Records that are stored together, or not at all.</summary>
internal sealed class BatchLogRequest(ReadOnlyMemory<byte>[] records) : BlockingLogRequest
{
    protected override long Store(ILogWriter writer) => Store(writer, records);

    internal static long Store(ILogWriter writer, ReadOnlySpan<ReadOnlyMemory<byte>> records)
    {
        long size = 0, sequence = writer.LastSequence;
        foreach (ReadOnlyMemory<byte> record in records)
        {
            // A memory of the caller's own may throw, so each is asked before the first one is stored.
            size += RecordHead.SizeOf(record.Span.Length, writer.Alignment);
        }

        writer.MakeRoom(size);
        foreach (ReadOnlyMemory<byte> record in records)
        {
            sequence = writer.StoreRecord(record.Span);
        }

        return sequence;
    }
}

/// <summary>The end of old records.</summary>
internal sealed class TrimLogRequest(long sequence) : BlockingLogRequest
{
    protected override long Store(ILogWriter writer)
    {
        writer.Trim(sequence);
        return sequence;
    }
}

/// <summary>A record of a caller who does not wait in a thread.</summary>
internal sealed class AsyncLogRequest(ReadOnlyMemory<byte> record) : LogRequest
{
    private readonly TaskCompletionSource<long> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal override bool HasThread => false;

    internal Task<long> Done => _done.Task;

    internal override void Lead() => throw new InvalidOperationException("it has no thread");

    internal void Cancel(CancellationToken cancellationToken) => _done.TrySetCanceled(cancellationToken);

    protected override long Store(ILogWriter writer)
    {
        writer.MakeRoom(RecordHead.SizeOf(record.Length, writer.Alignment));
        return writer.StoreRecord(record.Span);
    }

    protected override void Answer(Exception? failure)
    {
        if (failure is null)
        {
            _done.TrySetResult(Sequence);
        }
        else
        {
            _done.TrySetException(failure);
        }
    }
}
