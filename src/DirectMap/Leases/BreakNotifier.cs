using DirectMap.Threading;

namespace DirectMap.Leases;

/// <summary>
/// Hands a break to the user's callbacks together with the region or lease; a break that begins before that is made is
/// handed over when it is. Each callback is called whatever the other one does.
/// </summary>
/// <param name="callback">What is done when it returns; null for none.</param>
/// <param name="asynchronous">What is done when its task has ended; null for none.</param>
/// <param name="coordinator">Who is told of what they throw.</param>
internal sealed class BreakNotifier<T>(
    Action<T, LeaseBreak>? callback, Func<T, LeaseBreak, Task>? asynchronous, ILeaseCoordinator coordinator)
    where T : class
{
    private readonly UninterruptedLock _gate = new();
    private T? _holder;
    private LeaseBreak? _pending;

    /// <summary>The lease's callback.</summary>
    internal void Notify(LeaseBreak leaseBreak)
    {
        T? holder;
        using (_gate.Enter())
        {
            holder = _holder;
            if (holder is null)
            {
                _pending = leaseBreak;
                return;
            }
        }

        // Each by itself: what one throws keeps no other from being called.
        foreach (Action<T, LeaseBreak> one in Delegate.EnumerateInvocationList(callback))
        {
            try
            {
                one(holder, leaseBreak);
            }
            catch (Exception exception)
            {
                Report(exception);
            }
        }

        foreach (Func<T, LeaseBreak, Task> one in Delegate.EnumerateInvocationList(asynchronous))
        {
            _ = RunAsync(one, holder, leaseBreak);
        }
    }

    /// <summary>The holder is made; called once.</summary>
    internal void Attach(T holder)
    {
        using (_gate.Enter())
        {
            _holder = holder;
            if (_pending is not null)
            {
                UserCode.Queue(Notify, _pending, coordinator.ReportCallbackFailure);
            }
        }
    }

    /// <summary>Its first part is this thread's, and marked as a callback; never throws.</summary>
    private async Task RunAsync(Func<T, LeaseBreak, Task> begin, T holder, LeaseBreak leaseBreak)
    {
        try
        {
            Task task = begin(holder, leaseBreak)
                ?? throw new InvalidOperationException("An OnBreakAsync callback has returned null in place of a task.");
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (task.Exception is not { } failures)
            {
                await task.ConfigureAwait(false); // Throws where it was cancelled.
                return;
            }

            foreach (Exception failure in failures.InnerExceptions)
            {
                Report(failure);
            }
        }
        catch (Exception exception)
        {
            Report(exception);
        }
    }

    private void Report(Exception failure) => UserCode.Report(failure, coordinator.ReportCallbackFailure);
}
