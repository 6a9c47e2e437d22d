using System.Diagnostics;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tests.Leases;
using DirectMap.Threading;

namespace DirectMap.Tests.Children;

/// <summary>Every thread that the pool may have is blocked, and somebody has to hear of a break.</summary>
internal static class StarvedPoolCases
{
    internal const string WithoutThreads = "without threads";

    private const int MostThreads = 32; // as the documentation has it

    /// <summary>A willing holder and a breaker, which says who of them was first: the holder, or the deadline.</summary>
    /// <param name="arguments">How the holder is told, and <see cref="WithoutThreads"/> for the pool alone.</param>
    internal static int BreakAWillingHolder(string[] arguments)
    {
        bool isLeftToPool = arguments[1] == WithoutThreads;
        if (isLeftToPool)
        {
            CallbackWatch.LeaveToPool();
        }

        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions
        {
            LeaseBreakTime = isLeftToPool ? TimeSpan.FromMilliseconds(500) : TimeSpan.FromSeconds(30),
        });
        using TestDirectory folder = new();
        using DirectFile file = DirectFile.Create(folder.File(), 4096, new DirectFileOptions { Coordinator = coordinator });
        using DirectFile other = DirectFile.Open(folder.File(), new DirectFileOptions { Coordinator = coordinator });
        using Starvation starved = new();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with
        {
            OnBreak = arguments[0] switch
            {
                "callback" => static (region, _) => region.Dispose(),
                "release" or "release after a scope" => static (region, _) => region.ReleaseAsync(),
                "disposal" => static (region, _) => region.DisposeAsync().AsTask(),
                _ => null,
            },
        });
        switch (arguments[0])
        {
            case "release after a scope":
                CloseAScopeDuringRelease(region);
                break;
            case "token":
                region.Lease!.Breaking.Register(region.Dispose);
                break;
            case "thread":
                Task<LeaseBreak?> told = region.Lease!.WaitForBreakAsync();
                new Thread(() =>
                {
                    told.Wait();
                    region.Dispose();
                }).Start();
                break;
            case "scheduler":
                region.Lease!.WaitForBreakAsync().ContinueWith(
                    _ => region.Dispose(), CancellationToken.None, TaskContinuationOptions.None, new ThreadScheduler());
                break;
        }

        long began = Stopwatch.GetTimestamp();
        other.Write([1], 0);
        Console.WriteLine($"{region.State} after {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms, pool has run: {starved.HasRun}");
        return region.State == (isLeftToPool ? RegionState.Revoked : RegionState.Disposed) && !starved.HasRun ? 0 : 1;
    }

    /// <summary>The shortest of some times from a break's beginning to the holder's callback.</summary>
    internal static int TellSoon(string[] arguments)
    {
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromMinutes(1) });
        using Starvation starved = new();
        TimeSpan shortest = TimeSpan.MaxValue;
        for (int i = 0; i < 20; i++)
        {
            ILayoutLease? lease = null;
            lease = coordinator.Acquire(CoordinatorTest.Lease(onBreak: _ => lease!.Dispose()));
            long began = Stopwatch.GetTimestamp();
            coordinator.Break(CoordinatorTest.Breaker()).Dispose();
            TimeSpan told = Stopwatch.GetElapsedTime(began);
            shortest = told < shortest ? told : shortest;
        }

        Console.WriteLine($"{shortest.TotalMilliseconds:0.0} ms, pool has run: {starved.HasRun}");
        return shortest <= TimeSpan.FromMilliseconds(40) && !starved.HasRun ? 0 : 1;
    }

    /// <summary>Opens a scope on a thread of its own, which closes it when the region is being released.</summary>
    private static void CloseAScopeDuringRelease(MappedRegion region)
    {
        using ManualResetEventSlim opened = new();
        new Thread(() =>
        {
            using RegionScope scope = region.OpenScope(0, 8);
            opened.Set();
            Soon.Until(() => region.State == RegionState.Releasing, "the release");
        }).Start();
        opened.Wait();
    }

    /// <summary>10,000 holders that let go in their callbacks; and 10,000 whose callbacks block.</summary>
    internal static int BreakACrowd(string[] arguments)
    {
        const int Holders = 10_000;
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromMinutes(1) });
        int before = Threads();
        int[] willingCalls = new int[Holders];
        ILayoutLease[] willing = new ILayoutLease[Holders];
        using Starvation starved = new();
        before += starved.Threads;
        for (int i = 0; i < Holders; i++)
        {
            int holder = i;
            willing[i] = coordinator.Acquire(CoordinatorTest.Lease(range: new FileRange(i, 1), onBreak: _ =>
            {
                Interlocked.Increment(ref willingCalls[holder]);
                willing[holder].Dispose();
            }));
        }

        long began = Stopwatch.GetTimestamp();
        coordinator.Break(CoordinatorTest.Breaker()).Dispose();
        Console.WriteLine($"{Holders} let go after {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms, {Threads() - before} threads");
        bool areFew = Threads() - before <= 6; // Two of them hold and look at deadlines and callbacks.

        int blocked = 0, most = 0;
        using ManualResetEventSlim end = new();
        ILayoutLease[] blocking = [.. Enumerable.Range(0, Holders).Select(i =>
            coordinator.Acquire(CoordinatorTest.Lease(range: new FileRange(i, 1), onBreak: _ =>
            {
                Interlocked.Increment(ref blocked);
                end.Wait();
            })))];
        Task<ILayoutRight> breaker = coordinator.BreakAsync(CoordinatorTest.Breaker()).AsTask();
        Soon.Until(() => Volatile.Read(ref blocked) >= MostThreads, "as many block as may");
        SpinWait.SpinUntil(
            () => (most = Math.Max(most, Threads() - before)) > 2 * MostThreads, TimeSpan.FromMilliseconds(300));
        bool areBounded = Volatile.Read(ref blocked) == MostThreads && most <= MostThreads + 6;
        Console.WriteLine($"{blocked} block, {most} threads, pool has run: {starved.HasRun}");
        bool poolHasRun = starved.HasRun;
        end.Set();
        starved.End();
        Soon.Until(() => Volatile.Read(ref blocked) == Holders && starved.HasRun, "all are called");
        Array.ForEach(blocking, static lease => lease.Dispose());
        breaker.Wait();
        return areFew && areBounded && !poolHasRun && Array.TrueForAll(willingCalls, static calls => calls == 1) ? 0 : 1;
    }

    private static int Threads() => Process.GetCurrentProcess().Threads.Count;

    /// <summary>The pool has no thread left, and gets none.</summary>
    internal sealed class Starvation : IDisposable
    {
        private readonly ManualResetEventSlim _end = new();
        private volatile bool _hasRun;

        internal Starvation()
        {
            ThreadPool.GetMinThreads(out int workers, out int io);
            ThreadPool.SetMaxThreads(workers, io);
            Threads = workers;
            using CountdownEvent blocked = new(workers);
            for (int i = 0; i < workers; i++)
            {
                ThreadPool.UnsafeQueueUserWorkItem(
                    _ =>
                    {
                        blocked.Signal();
                        _end.Wait();
                    },
                    null);
            }

            blocked.Wait();
            ThreadPool.UnsafeQueueUserWorkItem(_ => _hasRun = true, null);
        }

        internal int Threads { get; }

        internal bool HasRun => _hasRun;

        internal void End() => _end.Set();

        public void Dispose() => End();
    }

    /// <summary>A thread for each task.</summary>
    private sealed class ThreadScheduler : TaskScheduler
    {
        protected override IEnumerable<Task>? GetScheduledTasks() => null;

        protected override void QueueTask(Task task) => new Thread(() => TryExecuteTask(task)).Start();

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;
    }
}
