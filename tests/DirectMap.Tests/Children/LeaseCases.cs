using DirectMap.Layout;
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
        coordinator.Services.LeaseBreakTime = TimeSpan.Zero;
        bool timedOut = false;
        try
        {
            coordinator.Break(
                CoordinatorTest.Breaker(options: new BreakOptions { Timeout = TimeSpan.FromMilliseconds(20) }) with
                {
                    File = new FileId(8, 8, 8)
                });
        }
        catch (TimeoutException)
        {
            timedOut = true;
        }

        Console.WriteLine($"lease {lease.State}, pool has run: {poolHasRun}, timed out: {timedOut}");
        return lease.State == LeaseState.Revoked && !poolHasRun && timedOut ? 0 : 1;
    }

    /// <summary>
    /// 10,000 leases on 1,000 files are broken at once: holders that let go in their callbacks, then holders that never do.
    /// </summary>
    internal static int BreakTenThousandLeases(string[] arguments)
    {
        ThreadPool.GetMinThreads(out int workers, out _);
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromMinutes(5) });
        int willing = Break(coordinator, (lease, _) => lease.Value!.Dispose(), out int willingPool, out int willingThreads);
        coordinator.Services.LeaseBreakTime = TimeSpan.FromMilliseconds(100);
        int unwilling = Break(coordinator, static (_, _) => { }, out int unwillingPool, out int unwillingThreads);

        Console.WriteLine(
            $"{workers} processors; willing: {willing} released, {willingPool} pool threads, {willingThreads} threads; "
                + $"unwilling: {unwilling} revoked, {unwillingPool} pool threads, {unwillingThreads} threads");
        bool starved = willingPool > workers + 1 || unwillingPool > workers + 1;
        bool tooMany = willingThreads > 40 || unwillingThreads > 120;
        return willing == 10_000 && unwilling == 10_000 && !starved && !tooMany ? 0 : 1;
    }

    /// <summary>User code that fails, and whose report fails: on pool threads that would end the process.</summary>
    internal static int ReportsThatThrow(string[] arguments)
    {
        int reports = 0;
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions
        {
            LeaseBreakTime = TimeSpan.FromMilliseconds(1),
            Diagnostics = _ => throw new InvalidOperationException("mine"),
            CallbackFailed = _ =>
            {
                Interlocked.Increment(ref reports);
                throw new InvalidOperationException("mine too");
            },
        });
        using ILayoutLease lease = coordinator.Acquire(CoordinatorTest.Lease(onBreak: _ => throw new InvalidOperationException("mine")));
        coordinator.Break(CoordinatorTest.Breaker()).Dispose();
        return SpinWait.SpinUntil(() => Volatile.Read(ref reports) == 2, Infrastructure.Soon.Patience) ? 0 : 1;
    }

    private static int Break(
        LeaseCoordinator coordinator,
        Action<System.Runtime.CompilerServices.StrongBox<ILayoutLease>, LeaseBreak> onBreak,
        out int poolThreads,
        out int threads)
    {
        System.Runtime.CompilerServices.StrongBox<ILayoutLease>[] leases = [.. Enumerable.Range(0, 10_000).Select(i =>
        {
            System.Runtime.CompilerServices.StrongBox<ILayoutLease> lease = new();
            lease.Value = coordinator.Acquire(
                CoordinatorTest.Lease(onBreak: told => onBreak(lease, told)) with { File = new FileId(1, (ulong)(i % 1000), 0) });
            return lease;
        })];
        Task breakers = Task.WhenAll(Enumerable.Range(0, 1000).Select(async i =>
        {
            using ILayoutRight right = await coordinator.BreakAsync(CoordinatorTest.Breaker() with { File = new FileId(1, (ulong)i, 0) });
        }));
        poolThreads = 0;
        threads = 0;
        do
        {
            poolThreads = Math.Max(poolThreads, ThreadPool.ThreadCount);
            threads = Math.Max(threads, System.Diagnostics.Process.GetCurrentProcess().Threads.Count);
        }
        while (!breakers.Wait(1));

        return leases.Count(lease =>
            lease.Value!.State is LeaseState.Released or LeaseState.Revoked && lease.Value.CurrentBreak is not null);
    }
}
