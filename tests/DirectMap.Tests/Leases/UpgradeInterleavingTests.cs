using DirectMap.Layout;
using DirectMap.Leases;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tests.Mapping;
using DirectMap.Tests.Regions;

namespace DirectMap.Tests.Leases;

/// <summary>Holders that want to be alone, in every order with those that are in their way.</summary>
[Collection(nameof(Alone))]
public sealed class UpgradeInterleavingTests(ITestOutputHelper output) : InterleavingTest(output)
{
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
}
