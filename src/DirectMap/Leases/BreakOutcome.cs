using System.Diagnostics;
using System.Runtime.ExceptionServices;
using DirectMap.Telemetry;

namespace DirectMap.Leases;

/// <summary>
/// What has become of a breaker's arrival: a right, a wait or a failure, and perhaps a break. It is decided under the table's gate, and
/// announced once, after that was left.
/// </summary>
internal struct BreakOutcome
{
    /// <summary>The breaker's handle, when it has the right at once.</summary>
    internal LayoutRight? Right;

    /// <summary>Done when a breaker that waits has the right, or never will.</summary>
    internal Task<ILayoutRight>? Granted;

    /// <summary>Why the breaker gets nothing. The break may have begun all the same.</summary>
    internal Exception? Failure;

    /// <summary>The break that was begun, if one was.</summary>
    internal PendingBreak? Begun;

    /// <summary>The holders to be told; null for those that nobody has any more.</summary>
    internal LayoutLease?[]? Told;

    /// <summary>Deadlines were added again, and a timer may have to be set.</summary>
    internal bool MustArm;

    /// <summary>Those who watch the wait, to be told of its end; null when nobody does. Known when it was announced.</summary>
    internal BreakWait? Watched { get; private set; }

    /// <summary>
    /// Tells the holders, has the deadlines watched, and tells those who watch, who may take their time. Called with no lock held, also for
    /// a breaker that fails, since the break goes on.
    /// </summary>
    internal void Conclude(LeaseServices services, BreakRequest request, in BreakArrival arrival)
    {
        Debug.Assert((Right is null ? 0 : 1) + (Granted is null ? 0 : 1) + (Failure is null ? 0 : 1) == 1, "a right, a wait or a failure");
        Debug.Assert(Right is null || Begun is null, "1: a breaker runs while the leases that it has broken are in force");
        if (Begun is not null || MustArm)
        {
            NotifyHolders(services);
        }

        if (Right is null)
        {
            Watched = ReportToWatchers(services, request, Begun?.Began ?? arrival.Time());
        }
    }

    private readonly void NotifyHolders(LeaseServices services)
    {
        services.At(LeaseStep.BreakBegun);
        try
        {
            foreach (LayoutLease? holder in Told ?? [])
            {
                holder?.Notify();
            }
        }
        finally
        {
            services.Deadlines.Arm();
        }
    }

    private readonly BreakWait? ReportToWatchers(LeaseServices services, BreakRequest request, long arrived)
    {
        int broken = Begun is null ? 0 : Told!.Length;
        bool isRefused = Failure is not (null or LeaseConflictException { Conflict: LeaseConflict.WouldBlock });
        BreakWait? wait = services.Events.BeginWait(request, broken, arrived, isRefused);
        if (Begun is not null)
        {
            services.Events.BreakBegan(Begun.Description, Begun.Table.File, broken);
        }

        wait?.Leave();
        if (Failure is not null)
        {
            wait?.End(Failure);
            if (Failure is LeaseConflictException)
            {
                throw Failure; // Made for the breaker: where that was is nothing to it, and to keep it costs more than the exception.
            }

            ExceptionDispatchInfo.Throw(Failure);
        }

        return wait;
    }
}
