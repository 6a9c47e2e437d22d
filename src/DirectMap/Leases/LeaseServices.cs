using DirectMap.Diagnostics;
using DirectMap.Telemetry;
using DirectMap.Threading;

namespace DirectMap.Leases;

/// <summary>
/// What the tables of one coordinator work with: its clock, its deadlines, its threads, those who watch, and where a user's callbacks are
/// reported. It knows neither the coordinator nor a table. Safe for any thread.
/// </summary>
internal sealed partial class LeaseServices
{
    private long _leaseBreakTicks;

    internal LeaseServices(LeaseCoordinatorOptions options, int revocationThreads)
    {
        Clock = new DeadlineClock(options.TimeProvider);
        Deadlines = new Deadlines(Clock, At);
        Revocations = new RevocationThreads(revocationThreads);
        CallbackFailed = options.CallbackFailed;
        Diagnostics = options.Diagnostics;
        CallbackReport = ReportCallback;
        LeaseBreakTime = options.LeaseBreakTime;
        Events = new LeaseEvents(options.Configuration, options.LoggerFactory, options.MeterFactory, options.TimeProvider);
    }

    internal TimeProvider Time => Clock.Time;

    internal DeadlineClock Clock { get; }

    internal Deadlines Deadlines { get; }

    internal RevocationThreads Revocations { get; }

    /// <summary>Those who log, measure and trace.</summary>
    internal LeaseEvents Events { get; }

    /// <inheritdoc cref="LeaseCoordinator.LeaseBreakTime"/>
    internal TimeSpan LeaseBreakTime
    {
        get => new(Volatile.Read(ref _leaseBreakTicks));
        set => Volatile.Write(ref _leaseBreakTicks, value.Ticks);
    }

    /// <inheritdoc cref="LeaseCoordinator.CallbackFailed"/>
    internal Action<Exception>? CallbackFailed { get; set; }

    /// <inheritdoc cref="LeaseCoordinator.Diagnostics"/>
    internal Action<DiagnosticFinding>? Diagnostics { get; set; }

    /// <summary>To <see cref="CallbackFailed"/> as it is when something fails.</summary>
    internal Action<Exception> CallbackReport { get; }

    /// <summary>In diagnostic mode, where the caller's caller comes from; otherwise null.</summary>
    internal Origin? CaptureOrigin() => Diagnostics is { } report ? new Origin(report, CallbackReport, Time.GetUtcNow()) : null;

    private void ReportCallback(Exception failure)
    {
        if (CallbackFailed is { } report)
        {
            report(failure);
        }
        else if (Events.IsLogged)
        {
            Events.CallbackFailed(failure);
        }
        else
        {
            UserCode.TraceFailure(failure);
        }
    }
}
