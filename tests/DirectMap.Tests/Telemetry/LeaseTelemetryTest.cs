using DirectMap.Configuration;
using DirectMap.Tests.Infrastructure;
using static DirectMap.Tests.Leases.CoordinatorTest;

namespace DirectMap.Tests.Telemetry;

/// <summary>The base of tests of what a coordinator tells those who watch: no file, a clock that tests move.</summary>
public abstract class LeaseTelemetryTest : IDisposable
{
    internal ManualTimeProvider Clock { get; } = new();

    internal RecordedLogs Logs { get; init; } = new();

    internal RecordedMeasurements Measurements { get; init; } = new();

    internal LeaseCoordinator Coordinator => field ??= new LeaseCoordinator(new LeaseCoordinatorOptions
    {
        TimeProvider = Clock,
        LeaseBreakTime = BreakTime,
        LoggerFactory = Logs,
        MeterFactory = Measurements,
    });

    public virtual void Dispose() => Measurements.Dispose();

    internal ILayoutLease Hold(
        string? holder = "a holder",
        Action<LeaseBreak?>? revoke = null,
        Action<LeaseBreak>? onBreak = null,
        WhenUnavailable whenUnavailable = WhenUnavailable.Refuse) =>
        Coordinator.Acquire(Lease(revoke: revoke, onBreak: onBreak, whenBreaking: whenUnavailable) with { Holder = holder });

    internal Task<ILayoutRight> StartBreak(
        BreakOptions? options = null, string name = "a breaker", CancellationToken cancellationToken = default) =>
        Coordinator.BreakAsync(Breaker(options: options, name: name), cancellationToken).AsTask();
}
