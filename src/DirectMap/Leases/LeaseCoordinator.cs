using System.Collections.Concurrent;
using DirectMap.Diagnostics;
using DirectMap.Leases;
using DirectMap.Telemetry;
using DirectMap.Threading;

namespace DirectMap;

/// <summary>
/// Arbitrates breakers against the holders of layout leases, over any number of files and one clock. It knows neither files nor mappings:
/// what is revoked is a delegate. All members are safe for any thread.
/// </summary>
public sealed partial class LeaseCoordinator : ILeaseCoordinator, ILeaseCount
{
    /// <summary>How many tables of files are kept without a look at whether they are still in use.</summary>
    private const int MinTables = 64;

    private const int MaxRevocationThreads = 64;

    private static int s_count;

    private readonly ConcurrentDictionary<FileId, FileLeases> _files = new();
    private readonly int _number = Interlocked.Increment(ref s_count);
    private long _leaseBreakTicks;
    private FileLeases? _recent; // the table that was used last: most programs have few files
    private int _tables;
    private int _tablesToSweepAt = MinTables;
    private int _sweeping;

    /// <summary>Creates a coordinator with the default settings.</summary>
    public LeaseCoordinator()
        : this(new LeaseCoordinatorOptions())
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
        TimeProvider = options.TimeProvider;
        Clock = new DeadlineClock(options.TimeProvider);
        Deadlines = new Deadlines(this);
        Revocations = new RevocationThreads(revocationThreads);
        CallbackFailed = options.CallbackFailed;
        Diagnostics = options.Diagnostics;
        CallbackReport = ReportCallback;
        _leaseBreakTicks = options.LeaseBreakTime.Ticks;
        Events = new LeaseEvents(options.Configuration, options.LoggerFactory, options.MeterFactory, options.TimeProvider);
        Events.Observe(this);
    }

    /// <inheritdoc/>
    public TimeProvider TimeProvider { get; }

    /// <summary>
    /// How long a holder has to let go; <see cref="TimeSpan.Zero"/> means for ever. A change holds for breaks that begin afterwards.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to less than zero, or to more than
    /// <see cref="int.MaxValue"/> milliseconds.</exception>
    public TimeSpan LeaseBreakTime
    {
        get => new(Volatile.Read(ref _leaseBreakTicks));
        set
        {
            LeaseCoordinatorOptions.ThrowIfNotABreakTime(value);
            Volatile.Write(ref _leaseBreakTicks, value.Ticks);
        }
    }

    /// <summary>
    /// Receives what user callbacks (<see cref="LeaseRequest.OnBreak"/>, callbacks of <see cref="ILayoutLease.Breaking"/>) throw; called on
    /// the thread that ran them. Null: it is logged (<see cref="LeaseCoordinatorOptions.LoggerFactory"/>), or without a logger goes to
    /// <see cref="System.Diagnostics.Trace.TraceError(string)"/>.
    /// </summary>
    public Action<Exception>? CallbackFailed { get; set; }

    /// <summary>
    /// The diagnostic mode: null (the default) is off, and costs nothing. Otherwise it remembers, with a stack trace, where each lease,
    /// breaker and region is taken from now on, and each scope of such a region, and calls this on a pool thread, with no lock held, for
    /// each mistake it finds: leases held past their break, scopes that were not completed, regions that were collected without Dispose,
    /// and the like (<see cref="DiagnosticKind"/>). What it throws goes to <see cref="CallbackFailed"/>. Stack traces take some 10 us to
    /// 100 us each: for tests and for looking into a problem.
    /// </summary>
    public Action<DiagnosticFinding>? Diagnostics { get; set; }

    internal DeadlineClock Clock { get; }

    internal Deadlines Deadlines { get; }

    internal RevocationThreads Revocations { get; }

    /// <summary>Those who log, measure and trace.</summary>
    internal LeaseEvents Events { get; }

    /// <summary>To <see cref="CallbackFailed"/> as it is when something fails.</summary>
    internal Action<Exception> CallbackReport { get; }

    /// <inheritdoc/>
    public ILayoutLease Acquire(LeaseRequest request)
    {
        (LayoutLease? lease, LeaseWaiter? waiter) = BeginAcquire(request, out FileLeases table);
        if (lease is null)
        {
            return Await(table, waiter!)!;
        }

        Events.LeaseGranted();
        return lease;
    }

    /// <inheritdoc/>
    public ValueTask<ILayoutLease> AcquireAsync(LeaseRequest request, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ILayoutLease>(cancellationToken);
        }

        (LayoutLease? lease, LeaseWaiter? waiter) = BeginAcquire(request, out FileLeases table);
        if (lease is null)
        {
            return AwaitLeaseAsync(table, waiter!, cancellationToken);
        }

        Events.LeaseGranted();
        return new ValueTask<ILayoutLease>(lease);

        async ValueTask<ILayoutLease> AwaitLeaseAsync(FileLeases table, LeaseWaiter waiter, CancellationToken cancellationToken) =>
            (await AwaitAsync(table, waiter, cancellationToken).ConfigureAwait(false))!;
    }

    /// <inheritdoc/>
    public ILayoutBreak Break(BreakRequest request)
    {
        Breaker breaker = BeginBreak(request, out LayoutBreak? right, out Task<ILayoutBreak>? granted, out BreakWait? wait);
        if (granted is null)
        {
            return right!;
        }

        ILayoutBreak waitedFor;
        try
        {
            waitedFor = AwaitRight(breaker, granted);
        }
        catch (Exception exception)
        {
            wait?.End(exception);
            throw;
        }

        wait?.End(null);
        return waitedFor;
    }

    private ILayoutBreak AwaitRight(Breaker breaker, Task<ILayoutBreak> granted)
    {
        TimeSpan timeout = breaker.Request.Options.Timeout;
        try
        {
            At(LeaseStep.Waiting, granted);
            try
            {
                // Blocks on the task itself where it can: the timer of WaitAsync would need a pool thread to fire.
                Task task = Clock.IsSystem ? granted : granted.WaitAsync(timeout, TimeProvider);
                if (!Completion.Block(task, Clock.IsSystem ? timeout : Timeout.InfiniteTimeSpan))
                {
                    throw new TimeoutException();
                }

                task.GetAwaiter().GetResult();
            }
            finally
            {
                At(LeaseStep.Waited);
            }
        }
        catch (Exception exception) when (exception is not LeaseConflictException)
        {
            ThrowIfWithdrawn(breaker, granted, exception);
        }

        return granted.GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public ValueTask<ILayoutBreak> BreakAsync(BreakRequest request, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ILayoutBreak>(cancellationToken);
        }

        Breaker breaker = BeginBreak(request, out LayoutBreak? right, out Task<ILayoutBreak>? granted, out BreakWait? wait);
        if (granted is null)
        {
            return new ValueTask<ILayoutBreak>(right!);
        }

        At(LeaseStep.Waiting, granted);
        bool mayGiveUp = cancellationToken.CanBeCanceled || request.Options.Timeout != Timeout.InfiniteTimeSpan;
        ValueTask<ILayoutBreak> waitedFor = mayGiveUp
            ? AwaitRightAsync(breaker, granted, cancellationToken)
            : new ValueTask<ILayoutBreak>(granted);
        return wait is null ? waitedFor : WatchAsync(waitedFor, wait);

        // Asynchronous, so that what it makes of the current activity stays its own.
        static async ValueTask<ILayoutBreak> WatchAsync(ValueTask<ILayoutBreak> waitedFor, BreakWait wait)
        {
            ILayoutBreak right;
            try
            {
                right = await waitedFor.ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                wait.End(exception);
                throw;
            }

            wait.End(null);
            return right;
        }

        async ValueTask<ILayoutBreak> AwaitRightAsync(Breaker breaker, Task<ILayoutBreak> granted, CancellationToken cancellationToken)
        {
            try
            {
                return await granted.WaitAsync(breaker.Request.Options.Timeout, TimeProvider, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is not LeaseConflictException)
            {
                ThrowIfWithdrawn(breaker, granted, exception);
            }

            return await granted.ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    long ILeaseCount.LeasesInForce => _files.Sum(static file => file.Value.LeasesInForce);

    /// <inheritdoc/>
    public LeaseSnapshot Snapshot(FileId file) => Snapshot(_files.TryGetValue(file, out FileLeases? table) ? [table] : []);

    /// <summary>Who holds, breaks and waits for what, on all files.</summary>
    /// <returns>A copy. Each file's part is of one moment; different files' parts need not be of the same one.</returns>
    public LeaseSnapshot Snapshot() => Snapshot(_files.Select(file => file.Value));

    /// <summary>Returns its type and its number in the process, for logs.</summary>
    public override string ToString() => $"{nameof(LeaseCoordinator)} #{_number}";

    /// <summary>In diagnostic mode, where the caller's caller comes from; otherwise null.</summary>
    internal Origin? CaptureOrigin() => Diagnostics is { } report ? new Origin(report, CallbackReport, TimeProvider.GetUtcNow()) : null;

    /// <summary>Waits for a lease or an upgrade; not longer than until the thread is interrupted.</summary>
    internal LayoutLease? Await(FileLeases table, LeaseWaiter waiter)
    {
        try
        {
            At(LeaseStep.Waiting, waiter.Granted.Task);
            try
            {
                return Granted(Completion.ResultOf(waiter.Granted.Task));
            }
            finally
            {
                At(LeaseStep.Waited);
            }
        }
        catch (ThreadInterruptedException) when (!table.TryWithdraw(waiter))
        {
            Uninterrupted.Wait(waiter.Granted.Task);
            Thread.CurrentThread.Interrupt(); // It has not ended this wait: it is for the next one.
            return Granted(waiter.Granted.Task.GetAwaiter().GetResult());
        }
    }

    /// <summary>Waits for a lease or an upgrade; not longer than until it is cancelled.</summary>
    internal async ValueTask<LayoutLease?> AwaitAsync(FileLeases table, LeaseWaiter waiter, CancellationToken cancellationToken)
    {
        At(LeaseStep.Waiting, waiter.Granted.Task);
        try
        {
            return Granted(await waiter.Granted.Task.WaitAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (!table.TryWithdraw(waiter))
        {
            return Granted(await waiter.Granted.Task.ConfigureAwait(false));
        }
    }

    private LayoutLease? Granted(LayoutLease? lease)
    {
        if (lease is not null)
        {
            lease.MarkTaken();
            Events.LeaseGranted();
        }

        return lease;
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
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(exception is TimeoutException
                ? new TimeoutException($"{breaker.Request}: its timeout has passed while it waited for leases to go; the break goes on.")
                : exception);
        }
    }

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
            BreakCallback.TraceFailure(failure);
        }
    }

    private LeaseSnapshot Snapshot(IEnumerable<FileLeases> tables)
    {
        List<LeaseInfo> leases = [];
        List<BreakerInfo> breakers = [];
        List<LeaseWaiterInfo> waiters = [];
        foreach (FileLeases table in tables)
        {
            table.Describe(leases, breakers, waiters);
        }

        return new LeaseSnapshot { TakenAt = TimeProvider.GetUtcNow(), Leases = leases, Breakers = breakers, Waiters = waiters };
    }

    private (LayoutLease? Lease, LeaseWaiter? Waiter) BeginAcquire(LeaseRequest request, out FileLeases table)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(request.Owner);
        ThrowIfNotDefined(request);
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

    private static void ThrowIfNotDefined(LeaseRequest request)
    {
        if ((uint)request.Mode > (uint)LeaseMode.Exclusive || (uint)request.WhenUnavailable > (uint)WhenUnavailable.Wait)
        {
            throw new ArgumentException("A mode or behaviour is not a value of its enumeration.", nameof(request));
        }

        if (request.Mapped.Length != 0 && !request.Range.Contains(request.Mapped))
        {
            throw new ArgumentException(
                $"What is mapped ({request.Mapped}) must lie within what the lease covers ({request.Range}).", nameof(request));
        }
    }

    private Breaker BeginBreak(BreakRequest request, out LayoutBreak? right, out Task<ILayoutBreak>? granted, out BreakWait? wait)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(request.Owner);
        ArgumentNullException.ThrowIfNull(request.Breaker);
        ArgumentNullException.ThrowIfNull(request.Options);
        while (true)
        {
            if (TableOf(request.File).TryBreak(request, out Breaker? breaker, out right, out granted, out wait))
            {
                return breaker;
            }

            _recent = null; // It is retired.
        }
    }
}
