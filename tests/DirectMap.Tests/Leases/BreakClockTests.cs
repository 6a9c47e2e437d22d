using DirectMap.Configuration;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Leases;

/// <summary>Deadlines and patience by the system's clock, and by clocks that run, throw or jump.</summary>
public sealed class BreakClockTests : CoordinatorTest
{
    [Fact]
    public async Task On_the_system_clock_too_a_blocking_breakers_own_timeout_ends_its_wait()
    {
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.Zero });
        using ILayoutLease lease = coordinator.Acquire(Lease());
        BreakRequest request = Breaker(options: new BreakOptions { Timeout = TimeSpan.FromMilliseconds(20) });

        await Assert.ThrowsAsync<TimeoutException>(() => Task.Run(() => coordinator.Break(request)).Within());
    }

    [Fact]
    public async Task A_running_clock_of_the_users_own_works_without_a_storm_of_timers()
    {
        RunningClock clock = new();
        LeaseCoordinator coordinator = new(
            new LeaseCoordinatorOptions { TimeProvider = clock, LeaseBreakTime = TimeSpan.FromMilliseconds(200) });
        using ILayoutLease lease = coordinator.Acquire(Lease());

        (await coordinator.BreakAsync(Breaker()).AsTask().Within()).Dispose();

        Assert.Equal(LeaseState.Revoked, lease.State);
        Assert.InRange(clock.Timers, 1, 200); // the system's timers count whole milliseconds, so the last one may take a few tries
    }

    [Fact]
    public async Task A_clock_that_throws_fails_the_breaker_and_not_the_process()
    {
        RunningClock clock = new() { Broken = true };
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { TimeProvider = clock });
        using ILayoutLease lease = coordinator.Acquire(Lease());

        LeaseConflictException told = await Assert.ThrowsAsync<LeaseConflictException>(() =>
            coordinator.BreakAsync(Breaker()).AsTask().Within());

        Assert.Equal(LeaseConflict.RevocationFailed, told.Conflict);
        Assert.IsType<InvalidTimeZoneException>(told.InnerException);
    }

    [Fact]
    public async Task A_clock_that_jumps_back_by_months_only_moves_the_deadline()
    {
        using ILayoutLease lease = Hold(range: new FileRange(0, 10));
        using ILayoutLease other = Hold(range: new FileRange(10, 10));
        Task<ILayoutRight> breaker = StartBreak(Breaker(range: new FileRange(0, 10)));
        Clock.Advance(TimeSpan.FromDays(-90));
        Task<ILayoutRight> second = StartBreak(Breaker(range: new FileRange(10, 10)));
        Clock.Advance(BreakTime);
        (await second.Within()).Dispose();

        for (int day = 0; day < 91; day++)
        {
            Assert.True(day > 80 || !breaker.IsCompleted, $"the deadline passed after {day} days");
            Clock.Advance(TimeSpan.FromDays(1));
        }

        (await breaker.Within()).Dispose();
    }

    private sealed class RunningClock : TimeProvider
    {
        internal bool Broken { get; init; }

        internal int Timers { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timers++;
            return Broken ? throw new InvalidTimeZoneException() : base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
