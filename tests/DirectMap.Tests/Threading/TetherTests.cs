using System.Runtime.CompilerServices;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tests.Leases;
using DirectMap.Threading;

namespace DirectMap.Tests.Threading;

/// <summary>
/// Invariant 10: a lease or right whose handle was collected ends; and one that is reused is never ended by its predecessor's.
/// </summary>
public sealed class TetherTests : CoordinatorTest
{
    [Fact]
    public void A_tether_is_used_again_after_its_handle_let_go()
    {
        Tether tether = new();
        tether.Attach(new Held());

        Assert.True(tether.TryDetach());
    }

    [Fact]
    public void A_tether_that_the_collector_has_found_is_never_used_again()
    {
        // The handle comes back to life in a finalizer, after the tether was found; its Dispose must not put the tether back among the
        // spare ones: its finalizer is still to come.
        for (int i = 0; i < 50; i++)
        {
            Resurrect();
        }

        ProcSelf.CollectGarbage();

        Assert.Equal(50, DisposesInItsFinalizer.Next.Count);
        Assert.All(DisposesInItsFinalizer.Next, lease => Assert.Equal(LeaseState.Active, lease.State));
        Assert.Equal(50, Coordinator.Snapshot(TheFile).Leases.Count);
    }

    [Fact]
    public void Leases_that_come_and_go_between_forgotten_ones_do_not_end_each_other()
    {
        int revoked = 0;
        List<ILayoutLease> kept = [];
        for (int i = 0; i < 300; i++)
        {
            Hold().Dispose();
            ForgetOne();
            kept.Add(Hold(revoke: _ => Assert.Fail("a lease that is kept was revoked")));
            if (i % 50 == 0)
            {
                ProcSelf.CollectGarbage();
            }
        }

        Soon.Until(
            () =>
            {
                ProcSelf.CollectGarbage();
                return Volatile.Read(ref revoked) == 300;
            },
            "every forgotten lease is revoked");
        Assert.All(kept, lease => Assert.Equal(LeaseState.Active, lease.State));
        Assert.Equal(300, Coordinator.Snapshot(TheFile).Leases.Count);

        [MethodImpl(MethodImplOptions.NoInlining)]
        void ForgetOne() => Hold(revoke: _ => Interlocked.Increment(ref revoked));
    }

    [Fact]
    public void A_lease_that_is_kept_keeps_no_other_one()
    {
        ILayoutLease[] before = [Hold(), Hold(), Hold()];
        Array.ForEach(before, lease => lease.Dispose()); // three spare tethers
        ILayoutLease kept = Hold();
        ForgetTwo();

        ProcSelf.CollectGarbage();

        Assert.Single(Coordinator.Snapshot(TheFile).Leases);
        kept.Dispose();

        [MethodImpl(MethodImplOptions.NoInlining)]
        void ForgetTwo()
        {
            Hold();
            Hold();
        }
    }

    [Fact]
    public void Tables_of_files_without_leases_are_given_up_when_there_are_many()
    {
        for (ulong inode = 0; inode < 10_000; inode++)
        {
            Coordinator.Acquire(Lease() with { File = new FileId(9, inode, 0) }).Dispose();
        }

        Assert.InRange(Coordinator.TableCount, 1, 200);
        using ILayoutLease lease = Hold();
        Assert.Equal(1, Coordinator.FileCount);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Resurrect() => _ = new DisposesInItsFinalizer(Hold(), () => Hold());

    private sealed class Held : ITethered
    {
        public void Abandon() => Assert.Fail("it let go by itself");
    }

    private sealed class DisposesInItsFinalizer(ILayoutLease lease, Func<ILayoutLease> hold)
    {
        internal static readonly System.Collections.Concurrent.ConcurrentQueue<ILayoutLease> Next = new();

        ~DisposesInItsFinalizer()
        {
            lease.Dispose();
            Next.Enqueue(hold()); // It would get the tether, whose finalizer comes next.
        }
    }
}
