namespace DirectMap.Tests.Infrastructure;

/// <summary>A user's coordinator that wraps another one, and passes everything on.</summary>
internal class PassingCoordinator(ILeaseCoordinator inner) : ILeaseCoordinator
{
    public TimeProvider TimeProvider => Inner.TimeProvider;

    public TimeSpan LeaseBreakTime => Inner.LeaseBreakTime;

    public Action<DiagnosticFinding>? Diagnostics => Inner.Diagnostics;

    protected ILeaseCoordinator Inner { get; } = inner;

    public virtual ILayoutLease Acquire(LeaseRequest request) => Inner.Acquire(request);

    public virtual ValueTask<ILayoutLease> AcquireAsync(LeaseRequest request, CancellationToken cancellationToken = default) =>
        Inner.AcquireAsync(request, cancellationToken);

    public virtual ILayoutRight Break(BreakRequest request) => Inner.Break(request);

    public virtual ValueTask<ILayoutRight> BreakAsync(BreakRequest request, CancellationToken cancellationToken = default) =>
        Inner.BreakAsync(request, cancellationToken);

    public LeaseSnapshot Snapshot(FileId file) => Inner.Snapshot(file);

    public void ReportCallbackFailure(Exception failure) => Inner.ReportCallbackFailure(failure);
}
