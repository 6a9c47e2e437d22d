using DirectMap.BreakerTable.Holding;

namespace DirectMap.BreakerTable.Others;

/// <summary>An operation that is under way, and may be waiting for the holder.</summary>
internal sealed class Operation
{
    internal const string DoesNotReturn = "does not return";

    /// <summary>Nothing of this table waits longer.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(5);

    private readonly IActor _actor;
    private readonly Task<Deed> _deed;

    private Operation(IActor actor, Holder holder)
    {
        _actor = actor;
        _deed = Task.Factory.StartNew(
            () => actor.Perform(holder), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    internal bool HasReturned => _deed.IsCompleted;

    internal static Operation Begin(IActor actor, Holder holder) => new(actor, holder);

    /// <returns>Whether it has returned by then.</returns>
    internal bool Wait(TimeSpan patience) => _deed.Wait(patience);

    /// <returns>What became of it; what does not return is ended, and the result says that.</returns>
    /// <exception cref="TimeoutException">It cannot be ended.</exception>
    internal Deed Finish()
    {
        if (_deed.Wait(s_longest))
        {
            return _deed.Result;
        }

        _actor.Kill();
        return _deed.Wait(s_longest)
            ? new Deed(DoesNotReturn, 0, 0)
            : throw new TimeoutException("an operation does not return, and cannot be ended");
    }
}
