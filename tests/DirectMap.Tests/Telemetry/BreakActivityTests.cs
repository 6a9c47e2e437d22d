using System.Diagnostics;
using DirectMap.Tests.Infrastructure;
using static DirectMap.Tests.Leases.CoordinatorTest;

namespace DirectMap.Tests.Telemetry;

public sealed class BreakActivityTests : LeaseTelemetryTest
{
    private readonly RecordedActivities _activities = new();

    [Fact]
    public async Task A_break_that_is_waited_for_is_a_child_of_the_callers_activity()
    {
        ILayoutLease lease = Hold();

        Task<ILayoutRight> waiting = StartBreak();
        Assert.Same(_activities.Caller, Activity.Current);
        lease.Dispose();
        (await waiting.Within()).Dispose();

        Assert.Same(_activities.Caller, Activity.Current);
        Activity activity = _activities.Single("directmap.break");
        Assert.Same(_activities.Caller, activity.Parent);
        Assert.Equal(
            ("write", "a breaker", TheFile.ToString(), 0L, long.MaxValue, 1, "granted"),
            (
                activity.GetTagItem("directmap.operation"),
                activity.GetTagItem("directmap.breaker"),
                activity.GetTagItem("directmap.file"),
                activity.GetTagItem("directmap.range.offset"),
                activity.GetTagItem("directmap.range.length"),
                activity.GetTagItem("directmap.break.leases"),
                activity.GetTagItem("directmap.outcome")));
        Assert.Equal((ActivityStatusCode.Unset, null), (activity.Status, activity.GetTagItem("error.type")));
    }

    [Fact]
    public void A_thread_that_waits_has_its_own_activity_back_afterwards()
    {
        ILayoutLease lease = Hold();
        Activity? during = null;
        Coordinator.AtStep = (step, _) =>
        {
            if (step == DirectMap.Leases.LeaseStep.Waiting)
            {
                during = Activity.Current;
                lease.Dispose();
            }
        };

        Coordinator.Break(Breaker()).Dispose();

        Assert.Same(_activities.Caller, during);
        Assert.Same(_activities.Caller, Activity.Current);
        Assert.Equal("granted", _activities.Single("directmap.break").GetTagItem("directmap.outcome"));
    }

    [Fact]
    public void Messages_of_the_breaker_belong_to_its_activity()
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

        Activity activity = _activities.Single("directmap.break");
        Assert.Same(activity, Logs.Single(1).Activity);
        Assert.Same(activity, Logs.Single(5).Activity);
    }

    [Fact]
    public async Task Callbacks_and_holders_run_without_an_activity()
    {
        TaskCompletionSource<Activity?> seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ILayoutLease lease = Hold(onBreak: _ => seen.SetResult(Activity.Current));
        Task<ILayoutRight> waiting = StartBreak();

        Assert.Null(await seen.Task.Within());

        lease.Dispose();
        (await waiting.Within()).Dispose();
        Assert.Null(Logs.Single(2).Activity);
    }

    [Fact]
    public void A_breaker_that_does_not_wait_leaves_an_activity_with_an_error()
    {
        using ILayoutLease lease = Hold();

        LeaseConflictException exception = Assert.Throws<LeaseConflictException>(() =>
            Coordinator.Break(Breaker(options: new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse })));

        Activity activity = _activities.Single("directmap.break");
        Assert.Equal(
            (ActivityStatusCode.Error, exception.Message, "would_block"),
            (activity.Status, activity.StatusDescription, activity.GetTagItem("directmap.outcome")));
        Assert.Same(_activities.Caller, Activity.Current);
    }

    [Fact]
    public async Task A_breaker_that_gives_up_leaves_an_activity_with_an_error()
    {
        using ILayoutLease lease = Hold();
        Task<ILayoutRight> impatient = StartBreak(new BreakOptions { Timeout = TimeSpan.FromSeconds(2) });

        Clock.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAsync<TimeoutException>(() => impatient.Within());

        Activity activity = _activities.Single("directmap.break");
        Assert.Equal((ActivityStatusCode.Error, "timed_out"), (activity.Status, activity.GetTagItem("directmap.outcome")));
    }

    [Theory]
    [InlineData("would_block")]
    [InlineData("timed_out")]
    [InlineData("cancelled")]
    [InlineData("failed")]
    public async Task The_activity_of_a_breaker_without_its_right_says_the_type_of_its_error(string outcome)
    {
        using ILayoutLease lease = Hold(revoke: _ => throw new IOException());
        using CancellationTokenSource source = new();
        BreakOptions options = outcome switch
        {
            "would_block" => new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse },
            "timed_out" => new BreakOptions { Timeout = TimeSpan.FromSeconds(1) },
            _ => BreakOptions.Default,
        };

        Task waiting = Start();
        if (outcome == "cancelled")
        {
            await source.CancelAsync();
        }

        Clock.Advance(outcome == "failed" ? BreakTime : TimeSpan.FromSeconds(1));
        Exception failure = await Assert.ThrowsAnyAsync<Exception>(() => waiting.Within());

        Activity activity = _activities.Single("directmap.break");
        Assert.Equal(
            (outcome, failure.GetType().FullName), (activity.GetTagItem("directmap.outcome"), activity.GetTagItem("error.type")));

        // Who is refused at once throws at the call.
        async Task Start() => await StartBreak(options, cancellationToken: source.Token);
    }

    [Fact]
    public void Who_finds_nothing_in_his_way_has_no_activity()
    {
        object owner = new();
        using ILayoutLease own = Coordinator.Acquire(Lease(owner, mapped: FileRange.Whole));
        Coordinator.Break(Breaker(owner)).Dispose();
        Assert.Throws<LeaseConflictException>(() => Coordinator.Break(Breaker(owner, takesBlocksAway: true))); // EBUSY: nothing is broken

        Assert.Empty(_activities.Stopped);
    }

    public override void Dispose()
    {
        _activities.Dispose();
        base.Dispose();
    }
}
