using DirectMap.Configuration;
using DirectMap.Tests.Infrastructure;
using Microsoft.Extensions.Logging;
using static DirectMap.Tests.Leases.CoordinatorTest;

namespace DirectMap.Tests.Telemetry;

public sealed class LeaseLogTests : LeaseTelemetryTest
{
    [Fact]
    public async Task A_break_says_who_wants_what_from_how_many_and_until_when()
    {
        using ILayoutLease one = Hold();
        using ILayoutLease two = Hold();
        Task<ILayoutRight> waiting = StartBreak(name: "the compactor");

        RecordedLogs.Entry entry = Logs.Single(1);

        Assert.Equal(("DirectMap.Leases", LogLevel.Information, "BreakBegan"), (entry.Category, entry.Level, entry.Id.Name));
        Assert.Equal(
            (LayoutOperation.Write, "the compactor", 2, TheFile),
            (entry.Values["Operation"], entry.Values["Breaker"], entry.Values["LeaseCount"], entry.Values["File"]));
        Assert.Equal(one.CurrentBreak!.Deadline, entry.Values["Deadline"]);
        one.Dispose();
        two.Dispose();
        (await waiting.Within()).Dispose();
        Assert.Equal(1, Logs.Count(1));
    }

    [Fact]
    public async Task A_holder_that_lets_go_is_logged_with_how_long_it_took()
    {
        ILayoutLease lease = Hold("the cache");
        Task<ILayoutRight> waiting = StartBreak();
        Clock.Advance(TimeSpan.FromSeconds(3));

        lease.Dispose();
        lease.Dispose();

        RecordedLogs.Entry entry = Logs.Single(2);
        Assert.Equal((LogLevel.Debug, "the cache", TimeSpan.FromSeconds(3)), (entry.Level, entry.Values["Holder"], entry.Values["Held"]));
        (await waiting.Within()).Dispose();
        entry = Logs.Single(5);
        Assert.Equal(
            (LogLevel.Debug, "a breaker", TimeSpan.FromSeconds(3)), (entry.Level, entry.Values["Breaker"], entry.Values["Waited"]));
    }

    [Fact]
    public async Task A_revoked_lease_is_a_warning_that_names_both()
    {
        using ILayoutLease lease = Hold("the cache");
        Task<ILayoutRight> waiting = StartBreak(name: "the compactor");

        Clock.Advance(BreakTime);

        RecordedLogs.Entry entry = Logs.Single(3);
        Assert.Equal((LogLevel.Warning, "the cache", "the compactor"), (entry.Level, entry.Values["Holder"], entry.Values["Breaker"]));
        (await waiting.Within()).Dispose();
        Assert.Equal(0, Logs.Count(2));
    }

    [Fact]
    public async Task A_lease_that_cannot_be_revoked_is_an_error_with_the_exception()
    {
        IOException failure = new("no pages");
        using ILayoutLease lease = Hold(revoke: _ => throw failure);
        Task<ILayoutRight> waiting = StartBreak();

        Clock.Advance(BreakTime);

        RecordedLogs.Entry entry = Logs.Single(4);
        Assert.Equal((LogLevel.Error, failure), (entry.Level, entry.Exception));
        await Assert.ThrowsAsync<LeaseConflictException>(() => waiting.Within());
        Assert.Equal("failed", Logs.Single(7).Values["Outcome"]);
        Assert.Equal(0, Logs.Count(3));
    }

    [Fact]
    public async Task A_breaker_that_gives_up_is_logged_with_how_long_it_waited()
    {
        using ILayoutLease lease = Hold();
        Task<ILayoutRight> impatient = StartBreak(new BreakOptions { Timeout = TimeSpan.FromSeconds(2) });

        Clock.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAsync<TimeoutException>(() => impatient.Within());

        RecordedLogs.Entry entry = Logs.Single(6);
        Assert.Equal(
            (LogLevel.Information, TimeSpan.FromSeconds(2), "timed_out"), (entry.Level, entry.Values["Waited"], entry.Values["Outcome"]));
    }

    [Fact]
    public async Task A_breaker_that_is_cancelled_gave_up()
    {
        using ILayoutLease lease = Hold();
        using CancellationTokenSource source = new();
        Task<ILayoutRight> cancelled = StartBreak(cancellationToken: source.Token);

        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.Within());

        Assert.Equal("cancelled", Logs.Single(6).Values["Outcome"]);
    }

    [Fact]
    public void A_breaker_that_does_not_wait_is_refused_and_the_break_is_logged_all_the_same()
    {
        using ILayoutLease lease = Hold();

        LeaseConflictException exception = Assert.Throws<LeaseConflictException>(() =>
            Coordinator.Break(Breaker(options: new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse })));

        RecordedLogs.Entry entry = Logs.Single(7);
        Assert.Equal((LogLevel.Debug, "would_block", exception.Message), (entry.Level, entry.Values["Outcome"], entry.Values["Reason"]));
        Assert.Equal(1, Logs.Count(1));
    }

    [Fact]
    public void What_a_callback_throws_is_logged_when_nobody_else_wants_it()
    {
        InvalidOperationException failure = new("mine");
        using ILayoutLease lease = Hold(onBreak: _ => throw failure);

        Assert.Throws<LeaseConflictException>(
            () => Coordinator.Break(Breaker(options: new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse })));

        RecordedLogs.Entry entry = Logs.Single(8);
        Assert.Equal((LogLevel.Error, failure), (entry.Level, entry.Exception));
    }

    [Fact]
    public async Task What_a_callback_throws_goes_to_whoever_asked_for_it_and_nowhere_else()
    {
        TaskCompletionSource<Exception> reported = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Coordinator.Services.CallbackFailed = reported.SetResult;
        InvalidOperationException failure = new("mine");
        using ILayoutLease lease = Hold(onBreak: _ => throw failure);

        Assert.Throws<LeaseConflictException>(
            () => Coordinator.Break(Breaker(options: new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse })));

        Assert.Same(failure, await reported.Task.Within());
        Assert.Equal(0, Logs.Count(8));
    }

    [Fact]
    public void Who_finds_nothing_in_his_way_is_not_logged()
    {
        Hold().Dispose();
        Coordinator.Break(Breaker()).Dispose();

        Assert.Empty(Logs.Entries);
    }

    [Fact]
    public async Task A_lease_that_is_collected_during_its_break_let_go()
    {
        Task<ILayoutRight> waiting = HoldAndForget();

        Soon.Until(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return waiting.IsCompleted;
            },
            "the forgotten lease goes");

        (await waiting).Dispose();
        Assert.Equal("the forgotten", Logs.Single(2).Values["Holder"]);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        Task<ILayoutRight> HoldAndForget()
        {
            _ = Hold("the forgotten");
            return StartBreak();
        }
    }
}
