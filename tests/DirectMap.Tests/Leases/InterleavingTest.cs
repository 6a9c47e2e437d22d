using DirectMap.Layout;
using DirectMap.Leases;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tests.Mapping;
using DirectMap.Tests.Regions;

namespace DirectMap.Tests.Leases;

/// <summary>A test that goes through every order of a few operations on one file.</summary>
public abstract class InterleavingTest(ITestOutputHelper output)
{
    internal static readonly TimeSpan BreakTime = TimeSpan.FromSeconds(45);

    internal sealed class World
    {
        internal readonly ManualTimeProvider Clock = new();
        internal readonly LeaseCoordinator Coordinator;
        internal readonly object Holder = new();
        internal readonly List<int> Told = [];
        internal int Revoked;
        internal int Granted;
        private readonly List<ILayoutLease> _leases = [];

        internal World() => Coordinator = new LeaseCoordinator(
            new LeaseCoordinatorOptions { TimeProvider = Clock, LeaseBreakTime = BreakTime }, revocationThreads: 0);

        internal static FileId File => CoordinatorTest.TheFile;

        internal ILayoutLease Hold(
            object? owner = null, LeaseMode mode = LeaseMode.Shared, WhenUnavailable unavailable = WhenUnavailable.Refuse)
        {
            int index;
            lock (Told)
            {
                index = Told.Count;
                Told.Add(0);
            }

            ILayoutLease lease = Coordinator.Acquire(new LeaseRequest
            {
                File = File,
                Owner = owner ?? new object(),
                Mode = mode,
                Holder = $"holder {index}",
                WhenUnavailable = unavailable,
                OnBreak = _ =>
                {
                    lock (Told)
                    {
                        Told[index]++;
                    }
                },
                Revoke = _ => Interlocked.Increment(ref Revoked),
            });
            lock (Told)
            {
                _leases.Add(lease);
            }

            Interlocked.Increment(ref Granted);
            return lease;
        }

        internal void Break(object? owner = null, bool nonBlocking = false, FileRange? range = null, bool held = false)
        {
            using ILayoutRight right = Coordinator.Break(CoordinatorTest.Breaker(
                owner, range, new BreakOptions { WhenUnavailable = nonBlocking ? WhenUnavailable.Refuse : WhenUnavailable.Wait },
                operation: held ? LayoutOperation.BreakLayout : LayoutOperation.Write));
            Interleavings.Stop("running");
        }

        internal string? Invariant()
        {
            // A lease in this snapshot is in force, so no breaker of another owner that touches it may be running. (All owners here
            // have one name each.)
            LeaseSnapshot now = Coordinator.Snapshot(File);
            foreach (BreakerInfo running in now.Breakers.Where(breaker => breaker.IsRunning))
            {
                if (now.Leases.FirstOrDefault(lease => lease.Range.Overlaps(running.Range)) is { } inForce)
                {
                    return $"while {running} is running, {inForce} is in force";
                }

                if (now.Breakers.Any(other => other.IsRunning && !ReferenceEquals(other, running) && other.Range.Overlaps(running.Range)))
                {
                    return $"{running} is not the only one";
                }
            }

            return now.Leases.Any(lease => lease.Mode == LeaseMode.Exclusive) && now.Leases.Count > 1
                ? $"an exclusive lease is not alone:\n{now}"
                : null;
        }

        /// <summary>Every holder whose lease was broken was told once, the others never; nothing is left.</summary>
        internal void AssertAllIsOver()
        {
            foreach (ILayoutLease lease in _leases)
            {
                Assert.NotEqual(LeaseState.Active, lease.State);
                Assert.NotEqual(LeaseState.Breaking, lease.State);
                int expected = lease.CurrentBreak is null ? 0 : 1;
                int index = _leases.IndexOf(lease);
                Soon.Until(
                    () => Volatile.Read(ref System.Runtime.InteropServices.CollectionsMarshal.AsSpan(Told)[index]) == expected,
                    $"holder {index} is told {expected} times");
            }

            Assert.Equal(0, Coordinator.FileCount);
        }

        internal void ReleaseAll()
        {
            lock (Told)
            {
                _leases.ForEach(lease => lease.Dispose());
            }
        }
    }

    internal static Interleavings.Scenario Scenario(
        World world, (string, Action<Interleavings>)[] operations, Action? end = null, Action? unblock = null) => new()
        {
            Coordinator = world.Coordinator,
            Operations = operations,
            Invariant = world.Invariant,
            Unblock = unblock ?? (() => { }),
            End = () =>
            {
                end?.Invoke();
                world.ReleaseAll();
                world.AssertAllIsOver();
            },
        };

    internal void Explore(Func<Interleavings.Scenario> create, int atLeast, params LeaseStep[] steps)
    {
        int orders = Interleavings.Explore(create, steps);
        output.WriteLine($"{orders} orders");
        Assert.True(orders >= atLeast, $"only {orders} orders: the steps are not stopped at");
    }

    internal static void Refused(Action action, params LeaseConflict[] allowed)
    {
        try
        {
            action();
        }
        catch (LeaseConflictException conflict) when (allowed.Contains(conflict.Conflict))
        {
        }
    }
}
