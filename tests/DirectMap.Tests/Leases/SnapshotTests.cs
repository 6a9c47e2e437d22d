using System.Globalization;
using DirectMap.Layout;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Leases;

/// <summary>What tools and support can see.</summary>
public sealed class SnapshotTests : CoordinatorTest
{
    [Fact]
    public void It_shows_leases_breakers_and_waiting_requests_of_all_files()
    {
        DateTimeOffset start = Clock.GetUtcNow();
        FileId elsewhere = new(7, 7, 7);
        using ILayoutLease held = Coordinator.Acquire(
            Lease(range: new FileRange(0, 10), mapped: new FileRange(0, 4)) with { Holder = "Ann" });
        using ILayoutLease other = Coordinator.Acquire(Lease() with { File = elsewhere, Holder = "Bob", Mode = LeaseMode.Exclusive });
        Clock.Advance(TimeSpan.FromSeconds(2));
        _ = StartBreak(Breaker(range: new FileRange(5, 10), name: "Carl", operation: LayoutOperation.PunchHole));
        Clock.Advance(TimeSpan.FromSeconds(2));
        _ = Coordinator.AcquireAsync(Lease(whenBreaking: WhenUnavailable.Wait) with { Holder = "Dora" }).AsTask();

        LeaseSnapshot snapshot = Coordinator.Snapshot();

        Assert.Equal(Clock.GetUtcNow(), snapshot.TakenAt);
        LeaseInfo ann = Assert.Single(snapshot.Leases, lease => lease.Holder == "Ann");
        Assert.Equal((TheFile, LeaseState.Breaking, LeaseMode.Shared, start), (ann.File, ann.State, ann.Mode, ann.AcquiredAt));
        Assert.Equal((new FileRange(0, 10), new FileRange(0, 4), held.CurrentBreak), (ann.Range, ann.Mapped, ann.Break));
        Assert.Null(ann.StackTrace);
        LeaseInfo bob = Assert.Single(snapshot.Leases, lease => lease.Holder == "Bob");
        Assert.Equal((elsewhere, LeaseState.Active, LeaseMode.Exclusive), (bob.File, bob.State, bob.Mode));
        BreakerInfo carl = Assert.Single(snapshot.Breakers);
        Assert.Equal(
            ("Carl", LayoutOperation.PunchHole, false, start + TimeSpan.FromSeconds(2)),
            (carl.Breaker, carl.Operation, carl.IsRunning, carl.ArrivedAt));
        LeaseWaiterInfo dora = Assert.Single(snapshot.Waiters);
        Assert.Equal(
            ("Dora", LeaseMode.Shared, false, start + TimeSpan.FromSeconds(4)), (dora.Holder, dora.Mode, dora.IsUpgrade, dora.ArrivedAt));
        Assert.Equal(["Ann"], Coordinator.Snapshot(TheFile).Leases.Select(lease => lease.Holder));
        Assert.Empty(Coordinator.Snapshot(new FileId(0, 0, 0)).Leases);
        foreach (string word in new[] { "Ann", "Bob", "Carl", "Dora", "Breaking", "PunchHole", "[5, 15)" })
        {
            Assert.Contains(word, snapshot.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void On_the_system_clock_too_it_says_since_when()
    {
        LeaseCoordinator coordinator = new();
        DateTimeOffset before = DateTimeOffset.UtcNow - TimeSpan.FromMilliseconds(100);
        using ILayoutLease lease = coordinator.Acquire(Lease());

        DateTimeOffset since = coordinator.Snapshot(TheFile).Leases.Single().AcquiredAt;

        Assert.InRange(since, before, DateTimeOffset.UtcNow + TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public async Task A_lease_that_was_waited_for_is_held_since_it_was_granted()
    {
        ILayoutRight right = Coordinator.Break(Breaker());
        Task<ILayoutLease> waiting = Coordinator.AcquireAsync(Lease(whenBreaking: WhenUnavailable.Wait)).AsTask();
        Clock.Advance(TimeSpan.FromSeconds(20));
        right.Dispose();

        using ILayoutLease lease = await waiting.Within();

        Assert.Equal(Clock.GetUtcNow(), Coordinator.Snapshot(TheFile).Leases.Single().AcquiredAt);
    }

    [Fact]
    public void It_can_be_taken_while_everything_changes()
    {
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromMilliseconds(1) });
        using CancellationTokenSource end = new(Soon.Patience);
        Thread[] threads = [.. Enumerable.Range(0, 2).Select(seed => new Thread(() =>
        {
            Random random = new(seed);
            while (!end.IsCancellationRequested)
            {
                FileId file = new(0, (ulong)random.Next(100), 0);
                try
                {
                    using ILayoutLease lease = coordinator.Acquire(
                        Lease() with { File = file, Holder = file.Inode.ToString(CultureInfo.InvariantCulture) });
                    BreakRequest breaker = Breaker(options: new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse });
                    coordinator.Break(breaker with { File = file }).Dispose();
                }
                catch (LeaseConflictException)
                {
                    // As it comes.
                }
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        int seen = 0;
        while (seen < 2000 && !end.IsCancellationRequested)
        {
            foreach (LeaseInfo lease in coordinator.Snapshot().Leases)
            {
                Assert.Equal(lease.File.Inode.ToString(CultureInfo.InvariantCulture), lease.Holder);
                Assert.Equal(lease.State == LeaseState.Breaking, lease.Break is not null);
                seen++;
            }
        }

        end.Cancel();
        Array.ForEach(threads, thread => Assert.True(thread.Join(Soon.Patience)));
        Assert.True(seen >= 2000, $"only {seen} leases were seen");
    }
}
