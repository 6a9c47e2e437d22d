using DirectMap.Layout;
using DirectMap.Leases;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tests.Mapping;
using DirectMap.Tests.Regions;

namespace DirectMap.Tests.Leases;

/// <summary>
/// What the coordinator decides under its gate and does outside of it (telling, waiting, giving up, revoking, retiring a table), in every
/// order in which two or three operations can get in each other's way.
/// </summary>
[Collection(nameof(Alone))]
public sealed class InterleavingTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_breakTime = TimeSpan.FromSeconds(45);

    private sealed class World
    {
        internal readonly ManualTimeProvider Clock = new();
        internal readonly LeaseCoordinator Coordinator;
        internal readonly object Holder = new();
        internal readonly List<int> Told = [];
        internal int Revoked;
        internal int Granted;
        private readonly List<ILayoutLease> _leases = [];

        internal World() => Coordinator = new LeaseCoordinator(
            new LeaseCoordinatorOptions { TimeProvider = Clock, LeaseBreakTime = s_breakTime }, revocationThreads: 0);

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

    private static Interleavings.Scenario Scenario(
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

    private void Explore(Func<Interleavings.Scenario> create, int atLeast, params LeaseStep[] steps)
    {
        int orders = Interleavings.Explore(create, steps);
        output.WriteLine($"{orders} orders");
        Assert.True(orders >= atLeast, $"only {orders} orders: the steps are not stopped at");
    }

    private static void Refused(Action action, params LeaseConflict[] allowed)
    {
        try
        {
            action();
        }
        catch (LeaseConflictException conflict) when (allowed.Contains(conflict.Conflict))
        {
        }
    }

    [Fact]
    public void Break_release_and_deadline() => Explore(
        () =>
        {
            World world = new();
            ILayoutLease lease = world.Hold();
            return Scenario(world,
            [
                ("break", _ => world.Break()),
                ("release", _ => lease.Dispose()),
                ("deadline", _ => world.Clock.Advance(s_breakTime)),
            ]);
        },
        atLeast: 50,
        LeaseStep.BreakBegun,
        LeaseStep.DeadlinePassed,
        LeaseStep.Revoking,
        LeaseStep.Revoked);

    [Fact]
    public void Two_breakers_and_the_deadline() => Explore(
        () =>
        {
            World world = new();
            world.Hold();
            return Scenario(world,
            [
                ("first", _ => world.Break()),
                ("second", _ => world.Break()),
                ("deadline", _ => world.Clock.Advance(s_breakTime)),
            ],
            unblock: () => world.Clock.Advance(s_breakTime));
        },
        atLeast: 300,
        LeaseStep.DeadlinePassed,
        LeaseStep.Revoking,
        LeaseStep.Revoked);

    [Fact]
    public void Two_breakers_and_a_release() => Explore(
        () =>
        {
            World world = new();
            ILayoutLease lease = world.Hold();
            return Scenario(world, [("first", _ => world.Break()), ("second", _ => world.Break()), ("release", _ => lease.Dispose())]);
        },
        atLeast: 100,
        LeaseStep.BreakBegun);

    [Fact]
    public void A_new_lease_that_waits_a_breaker_and_a_release() => Explore(
        () =>
        {
            World world = new();
            ILayoutLease lease = world.Hold();
            ILayoutLease? late = null;
            return Scenario(world,
            [
                ("break", _ => world.Break()),
                ("acquire", _ => late = world.Hold(unavailable: WhenUnavailable.Wait)),
                ("release", _ => lease.Dispose()),
            ],
            unblock: world.ReleaseAll);
        },
        atLeast: 50,
        LeaseStep.BreakBegun);

    [Fact]
    public void A_new_lease_that_does_not_wait_a_breaker_and_the_deadline() => Explore(
        () =>
        {
            World world = new();
            world.Hold();
            return Scenario(world,
            [
                ("break", _ => world.Break()),
                ("acquire", _ => Refused(() => world.Hold(), LeaseConflict.WouldBlock)),
                ("deadline", _ => world.Clock.Advance(s_breakTime)),
            ],
            unblock: () =>
            {
                world.Clock.Advance(s_breakTime);
                world.ReleaseAll();
            });
        },
        atLeast: 50,
        LeaseStep.BreakBegun,
        LeaseStep.DeadlinePassed,
        LeaseStep.Revoking,
        LeaseStep.Revoked);

    [Fact]
    public void A_breaker_that_is_interrupted_while_the_holder_lets_go_and_another_breaker_waits() => Explore(
        () =>
        {
            World world = new();
            ILayoutLease lease = world.Hold();
            return Scenario(world,
            [
                ("break", _ =>
                {
                    try
                    {
                        world.Break();
                    }
                    catch (ThreadInterruptedException)
                    {
                        // It gave up; the break goes on.
                    }
                }),
                ("interrupt", run => run.InterruptIfBlocked(0)),
                ("release", _ => lease.Dispose()),
                ("other", _ => world.Break()),
            ]);
        },
        atLeast: 300);

    [Fact]
    public void A_request_that_is_interrupted_while_the_breaker_finishes() => Explore(
        () =>
        {
            World world = new();
            ILayoutRight right = world.Coordinator.Break(CoordinatorTest.Breaker());
            return Scenario(world,
            [
                ("acquire", _ =>
                {
                    try
                    {
                        world.Hold(unavailable: WhenUnavailable.Wait);
                    }
                    catch (ThreadInterruptedException)
                    {
                        // It gave up.
                    }
                }),
                ("interrupt", run => run.InterruptIfBlocked(0)),
                ("finish", _ => right.Dispose()),
            ]);
        },
        atLeast: 10);

    [Fact]
    public void A_breaker_that_does_not_wait_a_release_and_the_deadline() => Explore(
        () =>
        {
            World world = new();
            ILayoutLease lease = world.Hold();
            return Scenario(world,
            [
                ("try", _ => Refused(() => world.Break(nonBlocking: true), LeaseConflict.WouldBlock)),
                ("release", _ => lease.Dispose()),
                ("deadline", _ => world.Clock.Advance(s_breakTime)),
            ]);
        },
        atLeast: 10,
        LeaseStep.BreakBegun,
        LeaseStep.DeadlinePassed,
        LeaseStep.Revoking,
        LeaseStep.Revoked);

    [Fact]
    public void Two_holders_upgrade_and_a_breaker_comes() => Explore(
        () =>
        {
            World world = new();
            ILayoutLease[] leases = [world.Hold(), world.Hold()];
            void Upgrade(ILayoutLease lease) => Refused(
                () =>
                {
                    try
                    {
                        lease.Upgrade();
                    }
                    finally
                    {
                        lease.Dispose();
                    }
                },
                LeaseConflict.WouldBlock,
                LeaseConflict.Deadlock);
            return Scenario(world,
            [
                ("one", _ => Upgrade(leases[0])),
                ("other", _ => Upgrade(leases[1])),
                ("break", _ => Refused(() => world.Break(), LeaseConflict.ExclusivelyHeld)),
            ]);
        },
        atLeast: 10,
        LeaseStep.BreakBegun);

    [Fact]
    public void Two_holders_that_wait_to_upgrade_and_a_release_by_a_third() => Explore(
        () =>
        {
            World world = new();
            ILayoutLease[] leases = [world.Hold(), world.Hold(), world.Hold()];
            int upgraded = 0;
            int deadlocks = 0;
            void Upgrade(ILayoutLease lease)
            {
                try
                {
                    lease.UpgradeAsync().AsTask().GetAwaiter().GetResult();
                    Interlocked.Increment(ref upgraded);
                }
                catch (LeaseConflictException conflict) when (conflict.Conflict == LeaseConflict.Deadlock)
                {
                    Interlocked.Increment(ref deadlocks);
                }

                lease.Dispose();
            }

            return Scenario(world,
            [
                ("one", _ => Upgrade(leases[0])),
                ("other", _ => Upgrade(leases[1])),
                ("release", _ => leases[2].Dispose()),
            ],
            end: () => Assert.True(upgraded + deadlocks == 2 && upgraded >= 1, $"{upgraded} upgraded, {deadlocks} deadlocks"));
        },
        atLeast: 10);

    [Fact]
    public void A_holder_that_waits_to_upgrade_a_breaker_and_a_release_by_another() => Explore(
        () =>
        {
            World world = new();
            ILayoutLease[] leases = [world.Hold(), world.Hold()];
            return Scenario(world,
            [
                ("upgrade", _ =>
                {
                    Refused(() => leases[0].UpgradeAsync().AsTask().GetAwaiter().GetResult(), LeaseConflict.Deadlock);
                    leases[0].Dispose();
                }),
                ("release", _ => leases[1].Dispose()),
                ("break", _ => Refused(() => world.Break(), LeaseConflict.ExclusivelyHeld)),
            ]);
        },
        atLeast: 10,
        LeaseStep.BreakBegun);

    [Fact]
    public void An_exclusive_request_that_waits_a_shared_one_and_a_breaker() => Explore(
        () =>
        {
            World world = new();
            ILayoutLease lease = world.Hold();
            return Scenario(world,
            [
                ("exclusive", _ => world.Hold(mode: LeaseMode.Exclusive, unavailable: WhenUnavailable.Wait).Dispose()),
                ("release", _ => lease.Dispose()),
                ("break", _ => Refused(() => world.Break(), LeaseConflict.ExclusivelyHeld)),
            ],
            unblock: world.ReleaseAll);
        },
        atLeast: 20,
        LeaseStep.BreakBegun);

    [Fact]
    public void A_token_asked_for_while_the_break_begins_is_cancelled_in_every_order() => Explore(
        () =>
        {
            World world = new();
            ILayoutLease lease = world.Hold();
            CancellationToken token = default;
            Task<LeaseBreak?>? wait = null;
            return Scenario(world,
            [
                ("break", _ => world.Break()),
                ("ask", _ =>
                {
                    token = lease.Breaking;
                    Interleavings.Stop("asked");
                    wait = lease.WaitForBreakAsync();
                }),
                ("deadline", _ => world.Clock.Advance(s_breakTime)),
            ],
            end: () =>
            {
                Soon.Until(() => token.IsCancellationRequested, "the token is cancelled");
                Assert.True(wait!.Wait(Soon.Patience), "the wait ends");
                Assert.Same(lease.CurrentBreak, wait.Result);
            },
            unblock: () => world.Clock.Advance(s_breakTime));
        },
        atLeast: 50,
        LeaseStep.BreakBegun,
        LeaseStep.Revoking);

    [Fact]
    public void A_wait_for_the_break_ends_whether_the_lease_is_released_or_broken_first() => Explore(
        () =>
        {
            World world = new();
            ILayoutLease lease = world.Hold();
            Task<LeaseBreak?>? wait = null;
            return Scenario(world,
            [
                ("break", _ => world.Break()),
                ("wait", _ => wait = lease.WaitForBreakAsync()),
                ("release", _ => lease.Dispose()),
            ],
            end: () =>
            {
                Assert.True(wait!.Wait(Soon.Patience), "the wait ends");
                Assert.Same(lease.CurrentBreak, wait.Result);
            });
        },
        atLeast: 20,
        LeaseStep.BreakBegun);

    [Fact]
    public void A_table_that_is_retired_while_others_come_to_it() => Explore(
        () =>
        {
            World world = new();
            world.Coordinator.Acquire(CoordinatorTest.Lease()).Dispose(); // the table is there, and empty
            return Scenario(world,
            [
                ("break", _ => world.Break()),
                ("acquire", _ => Refused(() => world.Hold().Dispose(), LeaseConflict.WouldBlock)),
                ("retire", _ => world.Coordinator.RetireEmptyTables()),
            ]);
        },
        atLeast: 20,
        LeaseStep.TableFound,
        LeaseStep.BreakBegun);

    [Fact]
    public void An_operation_under_a_held_right_goes_before_a_breaker_that_waits_for_the_right() => Explore(
        () =>
        {
            World world = new();
            object owner = new();
            ILayoutRight right = world.Coordinator.Break(CoordinatorTest.Breaker(owner, operation: LayoutOperation.BreakLayout));
            bool rightIsBack = false;
            bool violated = false;
            return new Interleavings.Scenario
            {
                Coordinator = world.Coordinator,
                Operations =
                [
                    ("under", _ =>
                    {
                        world.Break(owner, range: new FileRange(0, 10));
                        Volatile.Write(ref rightIsBack, true);
                        right.Dispose();
                    }),
                    ("other", _ =>
                    {
                        using ILayoutRight mine = world.Coordinator.Break(CoordinatorTest.Breaker());
                        violated |= !Volatile.Read(ref rightIsBack);
                        Interleavings.Stop("running");
                    }),
                ],
                Invariant = () => violated ? "a breaker runs while another owner holds the right" : null,
                End = world.AssertAllIsOver,
            };
        },
        atLeast: 5,
        LeaseStep.BreakBegun);
}
