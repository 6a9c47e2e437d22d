using System.Diagnostics;
using DirectMap.Configuration;
using DirectMap.Tests.Infrastructure;
using static DirectMap.Tests.Leases.CoordinatorTest;

namespace DirectMap.Tests.Telemetry;

/// <summary>Loggers and listeners that throw whenever they are called: what they watch goes on as if they were not there.</summary>
public sealed class ThrowingWatcherTests : LeaseTelemetryTest
{
    private readonly RecordedActivities _activities = new() { AtStart = Throw, AtStop = Throw };

    public ThrowingWatcherTests()
    {
        Logs = new RecordedLogs { Afterwards = Throw };
        Measurements = new RecordedMeasurements { Afterwards = Throw };
    }

    [Fact]
    public void A_lease_reaches_its_taker()
    {
        ILayoutLease lease = Hold();

        Assert.Equal(LeaseState.Active, lease.State);
        Assert.Single(Measurements.Of("directmap.lease.grants")); // it was called
    }

    [Fact]
    public async Task A_lease_that_was_waited_for_reaches_its_taker()
    {
        ILayoutRight right = Coordinator.Break(Breaker());
        Task<ILayoutLease> waiting = Coordinator.AcquireAsync(Lease(whenBreaking: WhenUnavailable.Wait)).AsTask();
        right.Dispose();

        Assert.Equal(LeaseState.Active, (await waiting.Within()).State);
    }

    [Fact]
    public async Task A_right_that_was_waited_for_reaches_its_taker_and_can_be_given_back()
    {
        ILayoutLease lease = Hold();
        Task<ILayoutRight> waiting = StartBreak();
        Assert.Equal(LeaseState.Breaking, lease.State);
        lease.Dispose();

        (await waiting.Within()).Dispose();

        Hold().Dispose(); // nothing is left of the right
        Assert.Equal(1, Logs.Count(1));
        Assert.Equal(1, Logs.Count(5));
        Logs.Single(2);
        Assert.Same(_activities.Caller, Activity.Current);
        Assert.Single(_activities.Stopped);
    }

    [Fact]
    public void A_thread_that_waits_gets_its_right_and_has_its_own_activity_back()
    {
        ILayoutLease lease = Hold();
        Coordinator.AtStep = (step, _) =>
        {
            if (step == DirectMap.Leases.LeaseStep.Waiting)
            {
                lease.Dispose();
            }
        };

        Coordinator.Break(Breaker()).Dispose();

        Assert.Same(_activities.Caller, Activity.Current);
        Hold().Dispose();
    }

    [Fact]
    public async Task A_deadline_holds_and_the_next_one_too()
    {
        for (int i = 1; i <= 2; i++)
        {
            using ILayoutLease lease = Hold();
            Task<ILayoutRight> waiting = StartBreak();
            Clock.Advance(BreakTime);
            (await waiting.Within()).Dispose();
            Assert.Equal(LeaseState.Revoked, lease.State);
            int revoked = i;
            Soon.Until(() => Logs.Count(3) == revoked, "the logger was called");
        }
    }

    [Fact]
    public async Task A_deadline_of_the_systems_clock_holds_and_the_next_one_too()
    {
        LeaseCoordinator coordinator = new(
            new LeaseCoordinatorOptions
            {
                LeaseBreakTime = TimeSpan.FromMilliseconds(20),
                LoggerFactory = Logs,
                MeterFactory = Measurements
            });
        for (int i = 0; i < 2; i++)
        {
            using ILayoutLease lease = coordinator.Acquire(Lease());
            (await coordinator.BreakAsync(Breaker()).AsTask().Within()).Dispose();
            Assert.Equal(LeaseState.Revoked, lease.State);
        }
    }

    [Fact]
    public async Task A_revocation_that_fails_is_told_to_its_breaker()
    {
        using ILayoutLease lease = Hold(revoke: _ => throw new IOException());
        Task<ILayoutRight> waiting = StartBreak();
        Clock.Advance(BreakTime);
        LeaseConflictException exception = await Assert.ThrowsAsync<LeaseConflictException>(() => waiting.Within());
        Assert.Equal(LeaseConflict.RevocationFailed, exception.Conflict);
        Logs.Single(4);

        lease.Dispose();
        (await StartBreak().Within()).Dispose();
    }

    [Fact]
    public async Task A_breaker_that_gives_up_gets_its_own_exception_and_leaves_nothing_behind()
    {
        ILayoutLease lease = Hold();
        Task<ILayoutRight> impatient = StartBreak(new BreakOptions { Timeout = TimeSpan.FromSeconds(1) });
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<TimeoutException>(() => impatient.Within());
        Assert.Throws<LeaseConflictException>(
            () => Coordinator.Break(Breaker(options: new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse })));

        lease.Dispose();

        Hold().Dispose();
        Assert.Same(_activities.Caller, Activity.Current);
    }

    [Fact]
    public void A_callback_that_throws_harms_nobody()
    {
        using ILayoutLease lease = Hold(onBreak: _ => throw new InvalidOperationException());
        Assert.Throws<LeaseConflictException>(
            () => Coordinator.Break(Breaker(options: new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse })));

        Logs.Single(8);
    }

    [Fact]
    public void An_interrupt_that_finds_the_logger_waiting_is_kept_for_the_caller()
    {
        // To sleep for no time waits for nobody: it is where a thread meets an interrupt.
        RecordedLogs waiting = new() { Afterwards = static () => Thread.Sleep(0) };
        LeaseCoordinator coordinator = new(
            new LeaseCoordinatorOptions { TimeProvider = Clock, LoggerFactory = waiting, MeterFactory = Measurements });
        ILayoutLease lease = coordinator.Acquire(Lease());
        coordinator.AtStep = (step, _) =>
        {
            if (step == DirectMap.Leases.LeaseStep.Waited)
            {
                Thread.CurrentThread.Interrupt(); // after the wait: only the logger meets it
            }
            else if (step == DirectMap.Leases.LeaseStep.Waiting)
            {
                lease.Dispose();
            }
        };

        coordinator.Break(Breaker()).Dispose();

        Assert.Throws<ThreadInterruptedException>(() => Thread.Sleep(0));
    }

    [Fact]
    public void A_listener_that_throws_when_instruments_are_published_costs_the_measurements_and_nothing_else()
    {
        using RecordedMeasurements meters = new(listens: false);
        using System.Diagnostics.Metrics.MeterListener listener = new()
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter == meters.Create(new System.Diagnostics.Metrics.MeterOptions("DirectMap")))
                {
                    Throw();
                }
            },
        };
        listener.Start();

        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { MeterFactory = meters });

        coordinator.Acquire(Lease()).Dispose();
        coordinator.Break(Breaker()).Dispose();
    }

    public override void Dispose()
    {
        _activities.Dispose();
        base.Dispose();
    }

    private static void Throw() => throw new NotSupportedException("a watcher that does not work");
}
