using DirectMap.Threading;

namespace DirectMap.Leases;

/// <summary>
/// The wait of whoever asked for a lease, or for an upgrade, and did not get it at once. Whoever gives up is either taken out of the table,
/// or was granted it meanwhile and then has it: a lease is never left to nobody.
/// <para>
/// That is decided in the handlers and not in their filters: a filter runs while the frames below still hold their locks, as the runtime's
/// wait does, and whoever grants the lease waits for that one with the table's gate in hand.
/// </para>
/// </summary>
internal static class LeaseWait
{
    /// <summary>Waits in the caller's thread; not longer than until it is interrupted.</summary>
    /// <returns>The lease; null for an upgrade.</returns>
    internal static LayoutLease? For(LeaseTable table, LeaseWaiter waiter)
    {
        LeaseServices services = table.Services;
        try
        {
            services.At(LeaseStep.Waiting, waiter.Granted.Task);
            try
            {
                return Granted(services, Completion.ResultOf(waiter.Granted.Task));
            }
            finally
            {
                services.At(LeaseStep.Waited);
            }
        }
        catch (ThreadInterruptedException)
        {
            if (table.TryWithdraw(waiter))
            {
                throw;
            }

            Uninterrupted.Wait(waiter.Granted.Task);
            Thread.CurrentThread.Interrupt(); // It has not ended this wait: it is for the next one.
            return Granted(services, waiter.Granted.Task.GetAwaiter().GetResult());
        }
    }

    /// <summary>Waits without a thread; not longer than until it is cancelled.</summary>
    /// <inheritdoc cref="For"/>
    internal static async ValueTask<LayoutLease?> ForAsync(LeaseTable table, LeaseWaiter waiter, CancellationToken cancellationToken)
    {
        LeaseServices services = table.Services;
        services.At(LeaseStep.Waiting, waiter.Granted.Task);
        try
        {
            return Granted(services, await waiter.Granted.Task.WaitAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            if (table.TryWithdraw(waiter))
            {
                throw;
            }

            return Granted(services, await waiter.Granted.Task.ConfigureAwait(false));
        }
    }

    private static LayoutLease? Granted(LeaseServices services, LayoutLease? lease)
    {
        if (lease is not null)
        {
            lease.MarkTaken();
            services.Events.LeaseGranted();
        }

        return lease;
    }
}
