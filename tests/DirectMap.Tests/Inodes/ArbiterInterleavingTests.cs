using System.Collections.Concurrent;
using DirectMap.Inodes;
using DirectMap.Leases;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tests.Leases;
using DirectMap.Tests.Mapping;

namespace DirectMap.Tests.Inodes;

/// <summary>
/// Join, grant, a change outside, release and deadline in all orders: whoever gets a lease has it on a word that holds, or hears of a
/// break; whoever has joined is left once.
/// </summary>
[Collection(nameof(Alone))]
public sealed class ArbiterInterleavingTests(ITestOutputHelper output)
{
    [Fact]
    public void A_lease_and_a_change_outside() => Explore(
        () =>
        {
            World world = new("joining", "joined", "granted", "changed", "moved", "outside");
            return world.Scenario(("acquire", world.Acquire), ("outside", world.ChangeOutside));
        },
        atLeast: 60);

    [Fact]
    public void A_lease_and_two_changes_outside() => Explore(
        () =>
        {
            World world = new("granted", "moved");
            return world.Scenario(("acquire", world.Acquire), ("outside", world.ChangeOutside), ("other", world.ChangeOutside));
        },
        atLeast: 60);

    [Fact]
    public void Two_leases_and_a_change_outside() => Explore(
        () =>
        {
            World world = new("granted", "moved");
            return world.Scenario(("first", world.Acquire), ("second", world.Acquire), ("outside", world.ChangeOutside));
        },
        atLeast: 60);

    [Fact]
    public void A_lease_that_is_released_a_change_outside_and_the_deadline() => Explore(
        () =>
        {
            World world = new("granted", "held", "moved");
            return world.Scenario(
                ("lease", world.AcquireAndRelease), ("outside", world.ChangeOutside), ("deadline", world.PassDeadline));
        },
        atLeast: 60,
        LeaseStep.Revoking);

    [Fact]
    public void A_lease_an_operation_and_a_change_outside() => Explore(
        () =>
        {
            World world = new("granted", "operating", "moved");
            return world.Scenario(
                ("lease", world.AcquireAndRelease), ("operation", world.Operate), ("outside", world.ChangeOutside));
        },
        atLeast: 60);

    private void Explore(Func<Interleavings.Scenario> create, int atLeast, params LeaseStep[] steps)
    {
        int orders = Interleavings.Explore(create, steps);
        output.WriteLine($"{orders} orders");
        Assert.True(orders >= atLeast, $"only {orders} orders: the steps are not stopped at");
    }

    private sealed class World
    {
        private readonly ManualTimeProvider _clock = new();
        private readonly LeaseCoordinator _coordinator;
        private readonly FileArbiter _arbiter;
        private readonly List<TestParty> _parties = [];
        private readonly ConcurrentQueue<(ILayoutLease Lease, int Word)> _granted = new();
        private readonly ThreadLocal<int> _word = new(); // that the party gave last, to the thread's request
        private int _version; // of what happens outside
        private int _running; // operations of this process

        private readonly string[] _stops;

        /// <param name="stops">At which of the steps here threads stop: three operations that stop at all have too many orders.</param>
        internal World(params string[] stops)
        {
            _stops = stops;
            _coordinator = new LeaseCoordinator(
                new LeaseCoordinatorOptions { TimeProvider = _clock, LeaseBreakTime = CoordinatorTest.BreakTime }, revocationThreads: 0);
            _arbiter = new FileArbiter(
                CoordinatorTest.TheFile,
                new Stopping(_coordinator, StopAt),
                TestParty.Makers(_parties, new ConcurrentQueue<string>(), "a"));
            _arbiter.Break(CoordinatorTest.Breaker(range: new FileRange(0, 0))).Dispose();
            Party.Joining = (_, _) =>
            {
                _word.Value = Volatile.Read(ref _version);
                StopAt("joining");
                return default;
            };
        }

        private TestParty Party => _parties[0];

        internal Interleavings.Scenario Scenario(params (string Name, Action Run)[] operations) => new()
        {
            Coordinator = _coordinator,
            Operations = [.. operations.Select(operation => (operation.Name, new Action<Interleavings>(_ => operation.Run())))],
            Invariant = Invariant,
            Unblock = ReleaseAll,
            End = End,
        };

        internal void Acquire()
        {
            if (TryAcquire() is { } lease)
            {
                _granted.Enqueue((lease, _word.Value));
            }
        }

        internal void AcquireAndRelease()
        {
            if (TryAcquire() is { } lease)
            {
                _granted.Enqueue((lease, _word.Value));
                StopAt("held");
                lease.Dispose();
            }
        }

        /// <summary>What a party does whose word ceases to hold: its word, its epoch, then the leases.</summary>
        internal void ChangeOutside()
        {
            Interlocked.Increment(ref _version);
            StopAt("changed");
            Party.Seat.MoveEpoch();
            StopAt("moved");
            using ILayoutRight right = Party.Seat.Break(CoordinatorTest.Breaker());
            StopAt("outside");
        }

        internal void Operate()
        {
            using ILayoutRight right = _arbiter.Break(CoordinatorTest.Breaker());
            Interlocked.Increment(ref _running);
            StopAt("operating");
            Interlocked.Decrement(ref _running);
        }

        internal void PassDeadline() => _clock.Advance(CoordinatorTest.BreakTime);

        private void StopAt(string step)
        {
            if (_stops.Contains(step))
            {
                Interleavings.Stop(step);
            }
        }

        private ILayoutLease? TryAcquire()
        {
            try
            {
                return _arbiter.Acquire(CoordinatorTest.Lease(revoke: static _ => { }));
            }
            catch (LeaseConflictException conflict) when (conflict.Conflict == LeaseConflict.WouldBlock)
            {
                return null; // The change outside has the right.
            }
        }

        private string? Invariant()
        {
            if (_running > Party.Running)
            {
                return "an operation runs that is not cleared";
            }

            int inForce = _coordinator.Snapshot(CoordinatorTest.TheFile).Leases.Count;
            return inForce > Party.Members ? $"{inForce} leases are in force, and {Party.Members} have joined" : null;
        }

        private void ReleaseAll()
        {
            foreach ((ILayoutLease lease, _) in _granted)
            {
                lease.Dispose();
            }
        }

        private void End()
        {
            foreach ((ILayoutLease lease, int word) in _granted)
            {
                Assert.True(
                    word == _version || lease.CurrentBreak is not null || lease.State == LeaseState.Released,
                    $"a lease is in force on word {word}, and {_version} holds");
            }

            ReleaseAll();
            Assert.Equal((0, 0, 0), (Party.Members, Party.Running, _coordinator.FileCount));
            Party.AssertNothingIsGivenBackTwice();
        }
    }

    /// <summary>Stops where the coordinator has granted a lease and the arbiter has not.</summary>
    private sealed class Stopping(ILeaseCoordinator inner, Action<string> stopAt) : PassingCoordinator(inner)
    {
        public override ILayoutLease Acquire(LeaseRequest request)
        {
            stopAt("joined");
            ILayoutLease lease = base.Acquire(request);
            stopAt("granted");
            return lease;
        }
    }
}
