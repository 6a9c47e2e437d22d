using DirectMap.Configuration;
using DirectMap.Tests.Infrastructure;
using static DirectMap.Tests.Leases.CoordinatorTest;

namespace DirectMap.Tests.Telemetry;

public sealed class LeaseMetricsTests : LeaseTelemetryTest
{
    [Fact]
    public async Task Leases_are_counted_as_they_are_granted_and_while_they_are_in_force()
    {
        ILayoutLease one = Hold();
        ILayoutLease two = await Coordinator.AcquireAsync(Lease());
        Assert.Equal([1, 1], Measurements.Of("directmap.lease.grants").Select(measured => measured.Value));
        Assert.Equal(2, Assert.Single(Measurements.Observe("directmap.active_leases")).Value);

        Task<ILayoutRight> waiting = StartBreak();
        one.Dispose();
        Assert.Equal(1, Assert.Single(Measurements.Observe("directmap.active_leases")).Value); // one that is being broken
        two.Dispose();
        two.Dispose();

        (await waiting.Within()).Dispose();
        Coordinator.RetireEmptyTables();
        Assert.Equal(0, Assert.Single(Measurements.Observe("directmap.active_leases")).Value);
    }

    [Fact]
    public async Task A_lease_that_was_waited_for_is_granted_once()
    {
        ILayoutRight right = Coordinator.Break(Breaker());
        Task<ILayoutLease> waiting = Coordinator.AcquireAsync(Lease(whenBreaking: WhenUnavailable.Wait)).AsTask();
        Assert.Empty(Measurements.Of("directmap.lease.grants"));

        right.Dispose();

        (await waiting.Within()).Dispose();
        Assert.Equal(1, Measurements.Single("directmap.lease.grants").Value);
    }

    [Fact]
    public async Task A_break_is_counted_once_by_operation_however_many_join_it()
    {
        ILayoutLease one = Hold();
        ILayoutLease two = Hold();
        Task<ILayoutRight> first = StartBreak();
        Task<ILayoutRight> second = StartBreak();

        RecordedMeasurements.Measured measured = Measurements.Single("directmap.breaks");

        Assert.Equal((1d, "write"), (measured.Value, measured["directmap.operation"]));
        one.Dispose();
        two.Dispose();
        (await first.Within()).Dispose();
        (await second.Within()).Dispose();
    }

    [Fact]
    public async Task Waits_and_holds_are_timed_by_the_coordinators_clock()
    {
        ILayoutLease lease = Hold();
        Task<ILayoutRight> waiting = StartBreak();
        Clock.Advance(TimeSpan.FromSeconds(1.5));

        lease.Dispose();
        (await waiting.Within()).Dispose();

        RecordedMeasurements.Measured wait = Measurements.Single("directmap.break.wait.duration");
        RecordedMeasurements.Measured hold = Measurements.Single("directmap.break.hold.duration");
        Assert.Equal((1.5, "write", "granted"), (wait.Value, wait["directmap.operation"], wait["directmap.outcome"]));
        Assert.Equal((null, null), (wait["error.type"], hold["error.type"]));
        Assert.Equal((1.5, "write", "released"), (hold.Value, hold["directmap.operation"], hold["directmap.outcome"]));
        Assert.Empty(Measurements.Of("directmap.revocations"));
    }

    [Fact]
    public void The_wait_of_a_thread_is_timed_too()
    {
        using ILayoutLease lease = Hold();
        ILayoutRight? right = null;
        Coordinator.AtStep = (step, _) =>
        {
            if (step == DirectMap.Leases.LeaseStep.Waiting)
            {
                Clock.Advance(TimeSpan.FromSeconds(2));
                lease.Dispose();
            }
        };

        right = Coordinator.Break(Breaker());

        right.Dispose();
        RecordedMeasurements.Measured wait = Measurements.Single("directmap.break.wait.duration");
        Assert.Equal((2d, "granted"), (wait.Value, wait["directmap.outcome"]));
    }

    [Fact]
    public async Task A_revoked_lease_was_held_for_the_whole_break_time()
    {
        using ILayoutLease lease = Hold();
        Task<ILayoutRight> waiting = StartBreak();

        Clock.Advance(BreakTime);
        (await waiting.Within()).Dispose();

        RecordedMeasurements.Measured hold = Measurements.Single("directmap.break.hold.duration");
        Assert.Equal((BreakTime.TotalSeconds, "revoked"), (hold.Value, hold["directmap.outcome"]));
        Assert.Equal("revoked", Measurements.Single("directmap.revocations")["directmap.outcome"]);
        Assert.Null(Measurements.Single("directmap.revocations")["error.type"]); // as it should be
    }

    [Fact]
    public async Task A_revocation_that_fails_is_counted_as_such()
    {
        using ILayoutLease lease = Hold(revoke: _ => throw new IOException());
        Task<ILayoutRight> waiting = StartBreak();

        Clock.Advance(BreakTime);

        await Assert.ThrowsAsync<LeaseConflictException>(() => waiting.Within());
        Assert.Equal("revocation_failed", Measurements.Single("directmap.break.hold.duration")["directmap.outcome"]);
        Assert.Equal("revocation_failed", Measurements.Single("directmap.revocations")["directmap.outcome"]);
        Assert.Equal("System.IO.IOException", Measurements.Single("directmap.break.hold.duration")["error.type"]);
        Assert.Equal("System.IO.IOException", Measurements.Single("directmap.revocations")["error.type"]);
        Assert.Equal("DirectMap.LeaseConflictException", Measurements.Single("directmap.break.wait.duration")["error.type"]);
        Assert.Equal("failed", Measurements.Single("directmap.break.wait.duration")["directmap.outcome"]);
        Assert.Equal(1, Assert.Single(Measurements.Observe("directmap.active_leases")).Value);
    }

    [Theory]
    [InlineData("would_block")]
    [InlineData("conflict")]
    [InlineData("timed_out")]
    [InlineData("cancelled")]
    public async Task A_breaker_without_its_right_is_measured_by_outcome(string outcome)
    {
        object owner = new();
        using ILayoutLease lease = Coordinator.Acquire(Lease(owner, mapped: FileRange.Whole));
        using CancellationTokenSource source = new();
        BreakOptions options = outcome switch
        {
            "would_block" => new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse },
            "timed_out" => new BreakOptions { Timeout = TimeSpan.FromSeconds(1) },
            _ => BreakOptions.Default,
        };
        BreakRequest request = outcome == "conflict" ? Breaker(owner, takesBlocksAway: true) : Breaker(options: options);

        Task waiting = Start();
        Clock.Advance(TimeSpan.FromSeconds(1));
        await source.CancelAsync();
        Exception failure = await Assert.ThrowsAnyAsync<Exception>(() => waiting.Within());

        RecordedMeasurements.Measured wait = Measurements.Single("directmap.break.wait.duration");
        Assert.Equal(outcome, wait["directmap.outcome"]);
        Assert.Equal(failure.GetType().FullName, wait["error.type"]);
        Assert.Equal(outcome is "timed_out" or "cancelled" ? 1 : 0, wait.Value);

        async Task Start() => await Coordinator.BreakAsync(request, source.Token);
    }

    [Fact]
    public void Who_finds_nothing_in_his_way_is_not_measured()
    {
        Coordinator.Break(Breaker()).Dispose();

        Assert.Empty(Measurements.Of("directmap.break.wait.duration"));
        Assert.Empty(Measurements.Of("directmap.breaks"));
    }

    [Fact]
    public void Every_operation_and_cause_has_a_name_of_its_own()
    {
        string[] operations = [.. Enum.GetValues<LayoutOperation>().Select(DirectMap.Telemetry.TagNames.Of)];
        string[] causes = [.. Enum.GetValues<FaultCause>().Select(DirectMap.Telemetry.TagNames.Of)];

        Assert.DoesNotContain("other", operations);
        Assert.DoesNotContain("other", causes);
        Assert.Equal(operations.Length, operations.Distinct().Count());
        Assert.Equal(causes.Length, causes.Distinct().Count());
        Assert.Equal("other", DirectMap.Telemetry.TagNames.Of((LayoutOperation)999));
    }

    [Fact]
    public void A_coordinator_that_is_only_counted_is_collected()
    {
        WeakReference forgotten = Make();

        Soon.Until(
            () =>
            {
                GC.Collect();
                return !forgotten.IsAlive;
            },
            "the coordinator is collected");

        Assert.Empty(Measurements.Observe("directmap.active_leases"));

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        WeakReference Make() => new(new LeaseCoordinator(new LeaseCoordinatorOptions { MeterFactory = Measurements }));
    }
}
