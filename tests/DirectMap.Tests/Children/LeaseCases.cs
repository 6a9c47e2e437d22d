using DirectMap.Tests.Leases;

namespace DirectMap.Tests.Children;

/// <summary>Cases of the coordinator that would disturb other tests.</summary>
internal static class LeaseCases
{
    /// <summary>Every thread that the pool may have is blocked; a break must end at its deadline all the same.</summary>
    internal static int BreakWhileThePoolIsStarved(string[] arguments)
    {
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromMilliseconds(50) });
        ThreadPool.GetMinThreads(out int workers, out int io);
        ThreadPool.SetMaxThreads(workers, io);
        using ManualResetEventSlim never = new();
        using CountdownEvent blocked = new(workers);
        for (int i = 0; i < workers; i++)
        {
            ThreadPool.QueueUserWorkItem(_ =>
            {
                blocked.Signal();
                never.Wait();
            });
        }

        blocked.Wait();
        bool poolHasRun = false;
        ThreadPool.QueueUserWorkItem(_ => poolHasRun = true);
        ILayoutLease lease = coordinator.Acquire(CoordinatorTest.Lease());

        // The breaker's own timeout, too, must not need the pool.
        using ILayoutLease patient = coordinator.Acquire(CoordinatorTest.Lease() with { File = new FileId(8, 8, 8) });
        coordinator.Break(CoordinatorTest.Breaker()).Dispose();
        coordinator.LeaseBreakTime = TimeSpan.Zero;
        bool timedOut = false;
        try
        {
            coordinator.Break(CoordinatorTest.Breaker(options: new BreakOptions { Timeout = TimeSpan.FromMilliseconds(20) }) with { File = new FileId(8, 8, 8) });
        }
        catch (TimeoutException)
        {
            timedOut = true;
        }

        Console.WriteLine($"lease {lease.State}, pool has run: {poolHasRun}, timed out: {timedOut}");
        return lease.State == LeaseState.Revoked && !poolHasRun && timedOut ? 0 : 1;
    }
}
