using DirectMap.Configuration;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Leases;

/// <summary>The base of tests of the coordinator alone: no file, no mapping, a clock that tests move.</summary>
public abstract class CoordinatorTest
{
    internal static readonly FileId TheFile = new(1, 2, 3);
    internal static readonly TimeSpan BreakTime = TimeSpan.FromSeconds(45);

    internal CoordinatorTest()
    {
        Coordinator = new LeaseCoordinator(new LeaseCoordinatorOptions
        {
            TimeProvider = Clock,
            LeaseBreakTime = BreakTime,
            CallbackFailed = exception => CallbackFailures.Enqueue(exception),
        });
    }

    internal ManualTimeProvider Clock { get; } = new();

    internal LeaseCoordinator Coordinator { get; }

    internal System.Collections.Concurrent.ConcurrentQueue<Exception> CallbackFailures { get; } = new();

    internal ILayoutLease Hold(
        object? owner = null,
        Action<LeaseBreak>? onBreak = null,
        Action<LeaseBreak?>? revoke = null,
        FileRange? range = null,
        FileRange mapped = default,
        WhenUnavailable whenBreaking = WhenUnavailable.Refuse) =>
        Coordinator.Acquire(Lease(owner, onBreak, revoke, range, mapped, whenBreaking));

    internal static LeaseRequest Lease(
        object? owner = null,
        Action<LeaseBreak>? onBreak = null,
        Action<LeaseBreak?>? revoke = null,
        FileRange? range = null,
        FileRange mapped = default,
        WhenUnavailable whenBreaking = WhenUnavailable.Refuse) => new()
        {
            File = TheFile,
            Owner = owner ?? new object(),
            OnBreak = onBreak,
            Revoke = revoke,
            Range = range ?? FileRange.Whole,
            Mapped = mapped,
            WhenUnavailable = whenBreaking,
        };

    internal static BreakRequest Breaker(
        object? owner = null,
        FileRange? range = null,
        BreakOptions? options = null,
        bool takesBlocksAway = false,
        string name = "a breaker",
        LayoutOperation operation = LayoutOperation.Write) => new()
        {
            File = TheFile,
            Owner = owner ?? new object(),
            Operation = operation,
            Range = range ?? FileRange.Whole,
            TakesBlocksAway = takesBlocksAway,
            Breaker = name,
            Options = options ?? BreakOptions.Default,
        };

    /// <summary>The next timer of the clock is for exactly the lease's deadline.</summary>
    internal void AssertATimerStandsForTheDeadlineOf(ILayoutLease lease) => Assert.Equal(lease.CurrentBreak!.Deadline, Clock.NextDue);

    /// <summary>A breaker that waits; it has begun its break when this returns.</summary>
    internal Task<ILayoutRight> StartBreak(BreakRequest? request = null, CancellationToken cancellationToken = default) =>
        Coordinator.BreakAsync(request ?? Breaker(), cancellationToken).AsTask();
}
