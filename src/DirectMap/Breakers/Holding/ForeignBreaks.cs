using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Threading;

namespace DirectMap.Breakers;

/// <summary>
/// Breaks leases of one inode for calls that wait, each by a thread of its own, since it may wait as long as a holder has: no pool is
/// needed, and nobody else's break is held up. Invariants:
/// <list type="number">
/// <item>Each call that is taken is answered once: let go with the right, refused with the reason that there is none, or refused by its
/// limit.</item>
/// <item>The right is held from before the call is let go until there is evidence that it has ended, so no lease is granted in its way
/// meanwhile.</item>
/// </list>
/// </summary>
/// <param name="seat">Where leases are broken.</param>
/// <param name="engine">Whose limits there are.</param>
/// <param name="sayMapped">Says that a thread gets a mapping that it may store to.</param>
internal sealed class ForeignBreaks(OutsideSeat seat, HoldingEngine engine, Action<int> sayMapped)
{
    /// <summary>How many calls may wait for the process's leases: each takes a thread.</summary>
    internal const int MostWaiting = 1024;

    /// <summary>How long after a break's deadline the revocation may take, before the breaker is refused.</summary>
    internal static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>What no timer counts to.</summary>
    private static readonly TimeSpan s_forEver = TimeSpan.FromDays(20);

    private static readonly LingeringThreads s_threads = new(MostWaiting, "DirectMap: guard, breaker");

    /// <inheritdoc cref="IHoldingClient.TryTake"/>
    internal bool TryTake(HeldCall call) => s_threads.TryRun(() => Serve(call));

    /// <summary>Breaks what is in its way, lets it go or refuses it, and waits for its end.</summary>
    internal void Serve(HeldCall call)
    {
        int process = ProcThread.ProcessOf(call.Thread);
        string? command = ProcThread.NameOf(process) ?? ProcThread.NameOf(call.Thread);
        TimeSpan limit = LimitOf(call.Range);
        call.LimitTo(limit);
        engine.Limits.Add(call);
        ILayoutRight right;
        try
        {
            right = seat.Break(RequestOf(call, process, command, limit));
        }
        catch (Exception exception)
        {
            _ = call.TryDeny(Answer(exception));
            return;
        }

        using (right)
        {
            if (call.Call.Role == CallRole.MapsWritable && !ProcThread.IsGone(call.Thread))
            {
                sayMapped(call.Thread);
            }

            if (call.TryAllow())
            {
                call.AwaitEnd();
            }
        }
    }

    private BreakRequest RequestOf(HeldCall call, int process, string? command, TimeSpan limit)
    {
        BreakerProcess breaker = new()
        {
            ProcessId = process,
            ThreadId = call.Thread,
            Command = command,
            SystemCall = call.Call.Name,
        };
        return new BreakRequest
        {
            File = seat.File,
            Owner = new object(),
            Operation = call.Call.Operation,
            Range = call.Range,
            Breaker = breaker.ToString(),
            Process = breaker,
            Options = new BreakOptions
            {
                WhenUnavailable = call.Call.Refuses ? WhenUnavailable.Refuse : WhenUnavailable.Wait,
                Timeout = limit,
            },
        };
    }

    /// <summary>
    /// Until the last break in its way has to be over, or one that begins now, and the grace; for ever where a holder may take that long.
    /// </summary>
    private TimeSpan LimitOf(FileRange range)
    {
        TimeSpan breakTime = seat.Arbiter.LeaseBreakTime;
        if (breakTime == TimeSpan.Zero)
        {
            return Timeout.InfiniteTimeSpan;
        }

        foreach (LeaseInfo lease in seat.Arbiter.LeasesInForce)
        {
            if (lease.Range.Overlaps(range) && lease.Break is { } begun)
            {
                if (begun.Deadline is not { } deadline)
                {
                    return Timeout.InfiniteTimeSpan;
                }

                TimeSpan left = deadline - seat.TimeProvider.GetUtcNow();
                breakTime = left > breakTime ? left : breakTime;
            }
        }

        return breakTime < s_forEver ? breakTime + Grace : Timeout.InfiniteTimeSpan;
    }

    /// <summary>Nobody is let go because somebody failed.</summary>
    private int Answer(Exception exception)
    {
        switch (exception)
        {
            case LeaseConflictException { Conflict: LeaseConflict.ExclusivelyHeld }:
                return Errno.ETXTBSY;
            case LeaseConflictException { Conflict: LeaseConflict.WouldBlock }:
                return Errno.EAGAIN;
            case LeaseConflictException or TimeoutException:
                return Errno.EBUSY;
            default:
                UserCode.Report(exception, seat.Failed);
                return Errno.EBUSY;
        }
    }
}
