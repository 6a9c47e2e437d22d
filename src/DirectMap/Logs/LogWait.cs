using System.Threading.Tasks.Sources;

namespace DirectMap.Logs;

/// <summary>
/// One who waits for news of a log without holding a thread: for a record, or for another writer. It is used again and again, one wait at a
/// time. Whoever takes it off the list of those who wait ends it, and nobody else.
/// </summary>
internal sealed class LogWait(LogWaits waits) : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _source = new() { RunContinuationsAsynchronously = true };

    /// <summary>What is waited for: this number being durable; null for another writer.</summary>
    internal long? Sequence { get; private set; }

    /// <summary>What is waited for: another writer than this one.</summary>
    internal PersistentLogWriter Known { get; private set; }

    /// <summary>Returns when a record is durable.</summary>
    internal ValueTask ForRecord(long sequence)
    {
        _source.Reset();
        (Sequence, Known) = (sequence, default);
        return Begin();
    }

    /// <summary>Returns when somebody else appends than is known, or nobody.</summary>
    internal ValueTask ForOtherThan(PersistentLogWriter known)
    {
        _source.Reset();
        (Sequence, Known) = (null, known);
        return Begin();
    }

    internal void Cancel(CancellationToken cancellationToken)
    {
        if (waits.Remove(this))
        {
            Fail(new OperationCanceledException(cancellationToken));
        }
    }

    /// <summary>What is waited for is there.</summary>
    internal void End() => _source.SetResult(true);

    internal void Fail(Exception exception) => _source.SetException(exception);

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    /// <summary>
    /// Who sleeps for it may have looked before it was added, and sleeps on; so it is looked once more after that.
    /// </summary>
    private ValueTask Begin()
    {
        ValueTask end = new(this, _source.Version);
        waits.Add(this);
        try
        {
            if (waits.IsOver(this) && waits.Remove(this))
            {
                End();
            }
        }
        catch (Exception exception)
        {
            if (waits.Remove(this))
            {
                Fail(exception);
            }
        }

        return end;
    }
}
