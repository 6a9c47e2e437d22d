using System.Collections.Concurrent;
using DirectMap.Leases;

namespace DirectMap;

/// <summary>
/// Arbitrates breakers against the holders of layout leases, over any number of files and one clock. It knows neither files nor mappings: what is revoked is a delegate.
/// All members are safe for any thread.
/// </summary>
public sealed class LeaseCoordinator : ILeaseCoordinator
{
    private readonly ConcurrentDictionary<FileId, FileLeases> _files = new();
    private long _leaseBreakTicks;

    /// <summary>Creates a coordinator with the default settings.</summary>
    public LeaseCoordinator()
        : this(new LeaseCoordinatorOptions())
    {
    }

    /// <summary>Creates a coordinator.</summary>
    /// <param name="options">Its settings.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> or its clock is null.</exception>
    public LeaseCoordinator(LeaseCoordinatorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(options.TimeProvider);
        TimeProvider = options.TimeProvider;
        Clock = new DeadlineClock(options.TimeProvider);
        CallbackFailed = options.CallbackFailed;
        CallbackReport = exception => (CallbackFailed ?? BreakCallback.TraceFailure)(exception);
        _leaseBreakTicks = options.LeaseBreakTime.Ticks;
    }

    /// <inheritdoc/>
    public TimeProvider TimeProvider { get; }

    /// <summary>How long a holder has to let go; <see cref="TimeSpan.Zero"/> means for ever. A change holds for breaks that begin afterwards.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to less than zero, or to more than <see cref="int.MaxValue"/> milliseconds.</exception>
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
    /// Receives what user callbacks (<see cref="LeaseRequest.OnBreak"/>, callbacks of <see cref="ILayoutLease.Breaking"/>) throw; called on a pool thread.
    /// Null: it goes to <see cref="System.Diagnostics.Trace.TraceError(string)"/>.
    /// </summary>
    public Action<Exception>? CallbackFailed { get; set; }

    internal DeadlineClock Clock { get; }

    /// <summary>To <see cref="CallbackFailed"/> as it is when something fails.</summary>
    internal Action<Exception> CallbackReport { get; }

    /// <summary>How many files have leases or breakers; for the tests.</summary>
    internal int FileCount => _files.Count;

    /// <inheritdoc/>
    public ILayoutLease Acquire(LeaseRequest request)
    {
        (LayoutLease? lease, LeaseWaiter? waiter) = BeginAcquire(request, out FileLeases table);
        if (lease is not null)
        {
            return lease;
        }

        try
        {
            return waiter!.Granted.Task.GetAwaiter().GetResult();
        }
        catch (ThreadInterruptedException) when (!table.TryWithdraw(waiter!))
        {
            return waiter!.Granted.Task.GetAwaiter().GetResult();
        }
    }

    /// <inheritdoc/>
    public ValueTask<ILayoutLease> AcquireAsync(LeaseRequest request, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ILayoutLease>(cancellationToken);
        }

        (LayoutLease? lease, LeaseWaiter? waiter) = BeginAcquire(request, out FileLeases table);
        return lease is not null ? new ValueTask<ILayoutLease>(lease) : AwaitAsync(table, waiter!, cancellationToken);

        static async ValueTask<ILayoutLease> AwaitAsync(FileLeases table, LeaseWaiter waiter, CancellationToken cancellationToken)
        {
            try
            {
                return await waiter.Granted.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!table.TryWithdraw(waiter))
            {
                return await waiter.Granted.Task.ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public ILayoutBreak Break(BreakRequest request)
    {
        Breaker breaker = BeginBreak(request, out FileLeases table);
        if (breaker.Granted is { } granted)
        {
            TimeSpan timeout = request.Options.Timeout;
            try
            {
                // Blocks on the task itself where it can: the timer of WaitAsync would need a pool thread to fire.
                Task task = Clock.IsSystem ? granted.Task : granted.Task.WaitAsync(timeout, TimeProvider);
                if (Task.WaitAny([task], Clock.IsSystem ? timeout : Timeout.InfiniteTimeSpan) < 0)
                {
                    throw new TimeoutException();
                }

                task.GetAwaiter().GetResult();
            }
            catch (Exception exception) when (exception is not LeaseConflictException)
            {
                if (table.TryWithdraw(breaker))
                {
                    if (exception is TimeoutException)
                    {
                        throw TimedOut(request);
                    }

                    throw;
                }
            }
        }

        return breaker;
    }

    /// <inheritdoc/>
    public ValueTask<ILayoutBreak> BreakAsync(BreakRequest request, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ILayoutBreak>(cancellationToken);
        }

        Breaker breaker = BeginBreak(request, out FileLeases table);
        return breaker.Granted is null ? new ValueTask<ILayoutBreak>(breaker) : AwaitAsync(table, breaker, TimeProvider, cancellationToken);

        static async ValueTask<ILayoutBreak> AwaitAsync(FileLeases table, Breaker breaker, TimeProvider time, CancellationToken cancellationToken)
        {
            try
            {
                await breaker.Granted!.Task.WaitAsync(breaker.Request.Options.Timeout, time, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
            {
                if (table.TryWithdraw(breaker))
                {
                    if (exception is TimeoutException)
                    {
                        throw TimedOut(breaker.Request);
                    }

                    throw;
                }
            }

            return breaker;
        }
    }

    /// <summary>Called by a table that has retired, under its gate.</summary>
    internal void Forget(FileId file, FileLeases table) => _files.TryRemove(new KeyValuePair<FileId, FileLeases>(file, table));

    private (LayoutLease? Lease, LeaseWaiter? Waiter) BeginAcquire(LeaseRequest request, out FileLeases table)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(request.Owner);
        while (true)
        {
            table = TableOf(request.File);
            if (table.TryAcquire(request, out LayoutLease? lease, out LeaseWaiter? waiter))
            {
                return (lease, waiter);
            }
        }
    }

    private Breaker BeginBreak(BreakRequest request, out FileLeases table)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(request.Owner);
        ArgumentNullException.ThrowIfNull(request.Breaker);
        ArgumentNullException.ThrowIfNull(request.Options);
        while (true)
        {
            table = TableOf(request.File);
            if (table.TryBreak(request, out Breaker? breaker))
            {
                return breaker;
            }
        }
    }

    private FileLeases TableOf(FileId file) => _files.GetOrAdd(file, static (id, coordinator) => new FileLeases(coordinator, id), this);

    private static TimeoutException TimedOut(BreakRequest request) =>
        new($"{request} waited {request.Options.Timeout} for leases to go and gave up; the break goes on.");
}
