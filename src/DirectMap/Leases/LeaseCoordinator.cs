using System.Collections.Concurrent;
using DirectMap.Leases;
using DirectMap.Telemetry;
using DirectMap.Threading;

namespace DirectMap;

/// <summary>Arbitrates breakers against the holders of layout leases, over any number of files and one clock.</summary>
/// <remarks>It knows neither files nor mappings: what is revoked is a delegate. All members are safe for any thread.</remarks>
public sealed partial class LeaseCoordinator : ILeaseCoordinator, ILeaseCount
{
    /// <summary>How many tables of files are kept without a look at whether they are still in use.</summary>
    private const int MinTables = 64;

    private const int MaxRevocationThreads = 64;

    private static int s_count;

    private readonly ConcurrentDictionary<FileId, LeaseTable> _files = new();
    private readonly int _number = Interlocked.Increment(ref s_count);
    private LeaseTable? _recent; // the table that was used last: most programs have few files
    private int _tables;
    private int _tablesToSweepAt = MinTables;
    private int _sweeping;

    /// <summary>Creates a coordinator with the default settings.</summary>
    public LeaseCoordinator()
        : this(LeaseCoordinatorOptions.Default)
    {
    }

    /// <summary>Creates a coordinator.</summary>
    /// <param name="options">Its settings.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> or its clock is null.</exception>
    public LeaseCoordinator(LeaseCoordinatorOptions options)
        : this(options, MaxRevocationThreads)
    {
    }

    /// <summary>Tests have no threads for revocations, and find them done when the clock has been moved.</summary>
    internal LeaseCoordinator(LeaseCoordinatorOptions options, int revocationThreads)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(options.TimeProvider);
        Services = new LeaseServices(options, revocationThreads);
        Services.Events.Observe(this);
    }

    /// <inheritdoc/>
    public TimeProvider TimeProvider => Services.Time;

    /// <summary>How long a holder has to let go; <see cref="TimeSpan.Zero"/> means for ever.</summary>
    public TimeSpan LeaseBreakTime => Services.LeaseBreakTime;

    /// <summary>
    /// Receives what user callbacks (<see cref="LeaseRequest.OnBreak"/>, callbacks of <see cref="ILayoutLease.Breaking"/>) throw; called on
    /// the thread that ran them.
    /// </summary>
    /// <remarks>
    /// With null it is logged (<see cref="LeaseCoordinatorOptions.LoggerFactory"/>), or without a logger goes to
    /// <see cref="System.Diagnostics.Trace.TraceError(string)"/>.
    /// </remarks>
    public Action<Exception>? CallbackFailed => Services.CallbackFailed;

    /// <summary>The diagnostic mode: null (the default) is off, and costs nothing.</summary>
    /// <remarks>
    /// Otherwise it remembers, with a stack trace, where each lease, breaker and region is taken from now on, and each scope of such a
    /// region, and calls this on a pool thread, with no lock held, for each mistake it finds: leases held past their break, scopes that
    /// were not completed, regions that were collected without Dispose, and the like (<see cref="DiagnosticKind"/>). What it throws goes to
    /// <see cref="CallbackFailed"/>. Stack traces take some 10 us to 100 us each: for tests and for looking into a problem.
    /// </remarks>
    public Action<DiagnosticFinding>? Diagnostics => Services.Diagnostics;

    /// <summary>What its tables work with.</summary>
    internal LeaseServices Services { get; }

    /// <inheritdoc/>
    public ILayoutLease Acquire(LeaseRequest request)
    {
        ThrowIfInvalid(request);
        (LayoutLease? lease, LeaseWaiter? waiter) = BeginAcquire(request, out LeaseTable table);
        if (lease is null)
        {
            return LeaseWait.For(table, waiter!)!;
        }

        Services.Events.LeaseGranted();
        return lease;
    }

    /// <inheritdoc/>
    public ValueTask<ILayoutLease> AcquireAsync(LeaseRequest request, CancellationToken cancellationToken = default)
    {
        ThrowIfInvalid(request);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ILayoutLease>(cancellationToken);
        }

        try
        {
            (LayoutLease? lease, LeaseWaiter? waiter) = BeginAcquire(request, out LeaseTable table);
            if (lease is null)
            {
                return AwaitLeaseAsync(table, waiter!, cancellationToken);
            }

            Services.Events.LeaseGranted();
            return new ValueTask<ILayoutLease>(lease);
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<ILayoutLease>(exception);
        }

        async ValueTask<ILayoutLease> AwaitLeaseAsync(LeaseTable table, LeaseWaiter waiter, CancellationToken cancellationToken) =>
            (await LeaseWait.ForAsync(table, waiter, cancellationToken).ConfigureAwait(false))!;
    }

    /// <inheritdoc/>
    public ILayoutRight Break(BreakRequest request)
    {
        ThrowIfInvalid(request);
        Breaker breaker = BeginBreak(request, out BreakOutcome outcome);
        return (ILayoutRight?)outcome.Right ?? BreakerWait.For(breaker, outcome.Granted!, outcome.Watched);
    }

    /// <inheritdoc/>
    public ValueTask<ILayoutRight> BreakAsync(BreakRequest request, CancellationToken cancellationToken = default)
    {
        ThrowIfInvalid(request);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ILayoutRight>(cancellationToken);
        }

        try
        {
            Breaker breaker = BeginBreak(request, out BreakOutcome outcome);
            return outcome.Right is { } right
                ? new ValueTask<ILayoutRight>(right)
                : BreakerWait.ForAsync(breaker, outcome.Granted!, outcome.Watched, cancellationToken);
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<ILayoutRight>(exception);
        }
    }

    /// <inheritdoc/>
    long ILeaseCount.LeasesInForce => _files.Sum(static file => file.Value.LeasesInForce);

    /// <inheritdoc/>
    public LeaseSnapshot Snapshot(FileId file) => Snapshot(_files.TryGetValue(file, out LeaseTable? table) ? [table] : []);

    /// <summary>Who holds, breaks and waits for what, on all files.</summary>
    /// <returns>A copy. Each file's part is of one moment; different files' parts need not be of the same one.</returns>
    public LeaseSnapshot Snapshot() => Snapshot(_files.Select(file => file.Value));

    /// <summary>To <see cref="CallbackFailed"/>, or where that says when it is null.</summary>
    /// <inheritdoc/>
    public void ReportCallbackFailure(Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        UserCode.Report(failure, Services.CallbackReport);
    }

    /// <summary>Returns its type and its number in the process, for messages.</summary>
    public override string ToString() => $"{nameof(LeaseCoordinator)} #{_number}";

    private LeaseSnapshot Snapshot(IEnumerable<LeaseTable> tables)
    {
        List<LeaseInfo> leases = [];
        List<BreakerInfo> breakers = [];
        List<LeaseWaiterInfo> waiters = [];
        foreach (LeaseTable table in tables)
        {
            table.TakeSnapshot().AddTo((leases, breakers, waiters), Services.Clock);
        }

        return new LeaseSnapshot { TakenAt = TimeProvider.GetUtcNow(), Leases = leases, Breakers = breakers, Waiters = waiters };
    }

    private (LayoutLease? Lease, LeaseWaiter? Waiter) BeginAcquire(LeaseRequest request, out LeaseTable table)
    {
        while (true)
        {
            table = TableOf(request.File);
            if (table.TryAcquire(request, out LayoutLease? lease, out LeaseWaiter? waiter))
            {
                return (lease, waiter);
            }

            _recent = null; // It is retired.
        }
    }

    private static void ThrowIfInvalid(LeaseRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(request.Owner);
        if ((uint)request.Mode > (uint)LeaseMode.Exclusive)
        {
            throw NotDefined(request, request.Mode, $"{nameof(LeaseRequest)}.{nameof(LeaseRequest.Mode)}");
        }

        if ((uint)request.WhenUnavailable > (uint)WhenUnavailable.Wait)
        {
            throw NotDefined(request, request.WhenUnavailable, $"{nameof(LeaseRequest)}.{nameof(LeaseRequest.WhenUnavailable)}");
        }

        if (request.Mapped.Length != 0 && !request.Range.Contains(request.Mapped))
        {
            throw new ArgumentException(
                $"What is mapped ({request.Mapped}) must lie within what the lease covers ({request.Range}).", nameof(request));
        }
    }

    private static void ThrowIfInvalid(BreakRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(request.Owner);
        ArgumentNullException.ThrowIfNull(request.Breaker);
        ArgumentNullException.ThrowIfNull(request.Options);
        if ((uint)request.Operation > (uint)LayoutOperation.Unidentified)
        {
            throw NotDefined(request, request.Operation, $"{nameof(BreakRequest)}.{nameof(BreakRequest.Operation)}");
        }

        if ((uint)request.Options.WhenUnavailable > (uint)WhenUnavailable.Wait)
        {
            throw NotDefined(request, request.Options.WhenUnavailable, $"{nameof(BreakOptions)}.{nameof(BreakOptions.WhenUnavailable)}");
        }
    }

    private static ArgumentOutOfRangeException NotDefined(object request, Enum value, string property) =>
        new(nameof(request), value, $"{property} is not a value of its enumeration.");

    private Breaker BeginBreak(BreakRequest request, out BreakOutcome outcome)
    {
        while (true)
        {
            if (TableOf(request.File).TryBreak(request, out Breaker breaker, out outcome))
            {
                return breaker;
            }

            _recent = null; // It is retired.
        }
    }
}
