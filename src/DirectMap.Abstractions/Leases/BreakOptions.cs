namespace DirectMap;

/// <summary>How a breaker waits for the holders of leases.</summary>
public sealed record BreakOptions
{
    private readonly TimeSpan _timeout = System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>
    /// Waits as long as it takes: at most until the lease break time (<see cref="ILeaseCoordinator.LeaseBreakTime"/>, 45 seconds by
    /// default) has passed, unless that is 0 (never).
    /// </summary>
    public static BreakOptions Default { get; } = new();

    /// <summary>
    /// What to do while a lease is in the way: wait (the default), or refuse (O_NONBLOCK): then the operation fails with a
    /// <see cref="LeaseConflictException"/> (<see cref="LeaseConflict.WouldBlock"/>).
    /// </summary>
    /// <remarks>The break goes on all the same, so a later try succeeds once the holders are gone.</remarks>
    public WhenUnavailable WhenUnavailable { get; init; } = WhenUnavailable.Wait;

    /// <summary>The breaker's own patience; infinite (<see cref="System.Threading.Timeout.InfiniteTimeSpan"/>) by default.</summary>
    /// <remarks>
    /// When it has passed, the operation fails with <see cref="TimeoutException"/> and has changed nothing; the break goes on all the same.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">Negative and not infinite, or more than
    /// <see cref="int.MaxValue"/> milliseconds.</exception>
    public TimeSpan Timeout
    {
        get => _timeout;
        init
        {
            if (value != System.Threading.Timeout.InfiniteTimeSpan)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
                ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromMilliseconds(int.MaxValue));
            }

            _timeout = value;
        }
    }
}
