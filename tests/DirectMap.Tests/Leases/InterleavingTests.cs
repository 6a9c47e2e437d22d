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
public sealed class InterleavingTests(ITestOutputHelper output) : InterleavingTest(output)
{
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
                ("deadline", _ => world.Clock.Advance(BreakTime)),
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
                ("deadline", _ => world.Clock.Advance(BreakTime)),
            ],
            unblock: () => world.Clock.Advance(BreakTime));
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
                ("deadline", _ => world.Clock.Advance(BreakTime)),
            ],
            unblock: () =>
            {
                world.Clock.Advance(BreakTime);
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
                ("deadline", _ => world.Clock.Advance(BreakTime)),
            ]);
        },
        atLeast: 10,
        LeaseStep.BreakBegun,
        LeaseStep.DeadlinePassed,
        LeaseStep.Revoking,
        LeaseStep.Revoked);

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
                ("deadline", _ => world.Clock.Advance(BreakTime)),
            ],
            end: () =>
            {
                Soon.Until(() => token.IsCancellationRequested, "the token is cancelled");
                Assert.True(wait!.Wait(Soon.Patience), "the wait ends");
                Assert.Same(lease.CurrentBreak, wait.Result);
            },
            unblock: () => world.Clock.Advance(BreakTime));
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
