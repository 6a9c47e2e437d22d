using DirectMap.Threading;

namespace DirectMap.Pipelines;

/// <summary>Cancels the flush that is under way, or else the next one: each cancellation is for one flush. Safe for any thread.</summary>
internal sealed class FlushCancellation
{
    private readonly UninterruptedLock _gate = new();
    private CancellationTokenSource? _source; // made when one is needed, and used until it was cancelled

    /// <summary>For a flush that is about to wait.</summary>
    internal CancellationToken Token
    {
        get
        {
            using (_gate.Enter())
            {
                return (_source ??= new CancellationTokenSource()).Token;
            }
        }
    }

    internal void Cancel()
    {
        CancellationTokenSource source;
        using (_gate.Enter())
        {
            source = _source ??= new CancellationTokenSource();
        }

        source.Cancel(); // Not under the gate: what waits for the flush may go on inside it.
    }

    /// <summary>Whether it was cancelled, which is over then.</summary>
    internal bool TryTake()
    {
        if (Volatile.Read(ref _source) is null)
        {
            return false;
        }

        using (_gate.Enter())
        {
            if (_source is not { IsCancellationRequested: true })
            {
                return false;
            }

            _source = null;
            return true;
        }
    }
}
