using System.Runtime.ExceptionServices;
using DirectMap.Telemetry;
using DirectMap.Threading;

namespace DirectMap.Leases;

/// <summary>
/// The wait of a breaker for leases to go. Whoever gives up is either taken out of the table, and the break goes on without him, or was
/// granted the right meanwhile and then has it: a right is never left to nobody.
/// </summary>
internal static class BreakerWait
{
    /// <summary>Waits in the caller's thread; not longer than the request's timeout, or until it is interrupted.</summary>
    /// <param name="breaker">Who waits.</param>
    /// <param name="granted">Done when it has the right.</param>
    /// <param name="watched">Those who watch, if any do; told how it ended.</param>
    internal static ILayoutRight For(Breaker breaker, Task<ILayoutRight> granted, BreakWait? watched)
    {
        ILayoutRight right;
        try
        {
            right = Await(breaker, granted);
        }
        catch (Exception exception)
        {
            watched?.End(exception);
            throw;
        }

        watched?.End(null);
        return right;
    }

    /// <summary>Waits without a thread; not longer than the request's timeout, or until it is cancelled.</summary>
    /// <inheritdoc cref="For"/>
    internal static ValueTask<ILayoutRight> ForAsync(
        Breaker breaker, Task<ILayoutRight> granted, BreakWait? watched, CancellationToken cancellationToken)
    {
        breaker.Table.Services.At(LeaseStep.Waiting, granted);
        bool mayGiveUp = cancellationToken.CanBeCanceled || breaker.Request.Options.Timeout != Timeout.InfiniteTimeSpan;
        ValueTask<ILayoutRight> waitedFor = mayGiveUp
            ? AwaitAsync(breaker, granted, cancellationToken)
            : new ValueTask<ILayoutRight>(granted);
        return watched is null ? waitedFor : WatchAsync(waitedFor, watched);
    }

    private static ILayoutRight Await(Breaker breaker, Task<ILayoutRight> granted)
    {
        LeaseServices services = breaker.Table.Services;
        TimeSpan timeout = breaker.Request.Options.Timeout;
        try
        {
            services.At(LeaseStep.Waiting, granted);
            try
            {
                // Blocks on the task itself where it can: the timer of WaitAsync would need a pool thread to fire.
                bool isSystem = services.Clock.IsSystem;
                Task task = isSystem ? granted : granted.WaitAsync(timeout, services.Time);
                if (!Completion.Block(task, isSystem ? timeout : Timeout.InfiniteTimeSpan))
                {
                    throw new TimeoutException();
                }

                task.GetAwaiter().GetResult();
            }
            finally
            {
                services.At(LeaseStep.Waited);
            }
        }
        catch (Exception exception) when (exception is not LeaseConflictException)
        {
            ThrowIfWithdrawn(breaker, granted, exception);
        }

        return granted.GetAwaiter().GetResult();
    }

    private static async ValueTask<ILayoutRight> AwaitAsync(
        Breaker breaker, Task<ILayoutRight> granted, CancellationToken cancellationToken)
    {
        try
        {
            TimeSpan timeout = breaker.Request.Options.Timeout;
            return await granted.WaitAsync(timeout, breaker.Table.Services.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not LeaseConflictException)
        {
            ThrowIfWithdrawn(breaker, granted, exception);
        }

        return await granted.ConfigureAwait(false);
    }

    /// <summary>Asynchronous, so that what it makes of the current activity stays its own.</summary>
    private static async ValueTask<ILayoutRight> WatchAsync(ValueTask<ILayoutRight> waitedFor, BreakWait watched)
    {
        ILayoutRight right;
        try
        {
            right = await waitedFor.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            watched.End(exception);
            throw;
        }

        watched.End(null);
        return right;
    }

    /// <summary>After a breaker's wait was given up; returns if it was granted the right all the same.</summary>
    private static void ThrowIfWithdrawn(Breaker breaker, Task granted, Exception exception)
    {
        if (!breaker.Table.TryWithdraw(breaker))
        {
            if (exception is ThreadInterruptedException)
            {
                Uninterrupted.Wait(granted);
                Thread.CurrentThread.Interrupt(); // It has not ended this wait: it is for the next one.
            }
        }
        else
        {
            ExceptionDispatchInfo.Throw(exception is TimeoutException
                ? new TimeoutException($"{breaker.Request}: its timeout has passed while it waited for leases to go; the break goes on.")
                : exception);
        }
    }
}
