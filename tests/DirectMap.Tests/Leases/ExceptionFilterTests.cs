using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Leases;

/// <summary>
/// A filter (catch ... when) runs before the frames below it are unwound, so whatever lock they hold is held while it runs. A user's filter
/// may ask for leases; and the library's own may not take a lock, which FilterTests look after.
/// </summary>
public sealed class ExceptionFilterTests : CoordinatorTest
{
    [Fact]
    public void A_filter_around_a_lease_that_is_refused_may_ask_for_leases()
    {
        using ILayoutRight right = Coordinator.Break(Breaker(new object()));

        AssertFilterRuns(() => Coordinator.Acquire(Lease(new object())).Dispose());
    }

    [Fact]
    public void A_filter_around_an_upgrade_or_a_downgrade_that_fails_may_ask_for_leases()
    {
        using ILayoutLease other = Coordinator.Acquire(Lease(new object()));
        ILayoutLease lease = Coordinator.Acquire(Lease(new object()));
        AssertFilterRuns(lease.Upgrade);
        lease.Dispose();

        AssertFilterRuns(lease.Upgrade);
        AssertFilterRuns(lease.Downgrade);
        AssertFilterRuns(() => lease.UpgradeAsync(TestContext.Current.CancellationToken).AsTask());
    }

    [Fact]
    public void A_filter_around_a_break_that_is_refused_may_ask_for_leases()
    {
        using ILayoutLease other = Coordinator.Acquire(Lease(new object()));

        AssertFilterRuns(
            () => Coordinator.Break(Breaker(new object(), options: new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse })));
    }

    /// <summary>On a thread of its own: one that waits for itself would never end.</summary>
    private void AssertFilterRuns(Action fails)
    {
        bool ran = false, handled = false;
        Thread thread = new(() =>
        {
            try
            {
                fails();
            }
            catch (Exception) when (ran = Coordinator.Snapshot(TheFile) is not null)
            {
                handled = true;
            }
        })
        {
            IsBackground = true,
        };
        thread.Start();

        Assert.True(thread.Join(Soon.Patience), "the filter waits for a lock that its own thread holds");
        Assert.True(ran && handled);
    }
}
