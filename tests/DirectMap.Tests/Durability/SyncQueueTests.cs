using System.Reflection;
using DirectMap.Durability;
using DirectMap.Layout;
using DirectMap.Tests.Docs;
using DirectMap.Tests.Infrastructure;
using DirectMap.Threading;

namespace DirectMap.Tests.Durability;

/// <summary>Who shares a sync with whom. The syncs stay where a test wants them.</summary>
public sealed class SyncQueueTests
{
    private static long Page => Environment.SystemPageSize;

    [Fact]
    public async Task Any_number_of_requests_over_overlapping_bytes_takes_two_syncs()
    {
        using ParkedSyncs syncs = new();
        SyncQueue queue = new(syncs.Sync);
        Task<int> first = queue.SyncAsync(0, 8);
        syncs.AwaitBegun(1);

        Task<int>[] others = [.. Enumerable.Range(0, 100).Select(i => queue.SyncAsync(i * Page / 2, Page))];
        syncs.LetGo(0);
        syncs.AwaitBegun(2);
        syncs.LetGo(0);

        Assert.Equal(0, await first.Within());
        Assert.All(await Task.WhenAll(others).Within(), errno => Assert.Equal(0, errno));
        Assert.Equal([(0, Page), (0, 51 * Page)], syncs.Begun);
    }

    [Fact]
    public async Task Requests_of_many_threads_at_one_time_take_two_syncs()
    {
        using ParkedSyncs syncs = new();
        SyncQueue queue = new(syncs.Sync);
        Task<int> first = queue.SyncAsync(0, 8);
        syncs.AwaitBegun(1);
        using Barrier start = new(8);
        Task<int>[] others = new Task<int>[8 * 50];
        Thread[] threads = [.. Enumerable.Range(0, 8).Select(number => new Thread(() =>
        {
            start.SignalAndWait();
            for (int i = 0; i < 50; i++)
            {
                others[(number * 50) + i] = queue.SyncAsync(number * Page / 2, Page);
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => Assert.True(thread.Join(Soon.Patience)));

        syncs.LetGo(0);
        syncs.AwaitBegun(2);
        syncs.LetGo(0);

        await Task.WhenAll(others).Within();
        await first.Within();
        Assert.Equal(2, syncs.Begun.Length);
    }

    [Fact]
    public async Task Of_what_came_during_a_sync_each_run_of_pages_takes_one_and_what_lies_between_is_left_alone()
    {
        using ParkedSyncs syncs = new();
        SyncQueue queue = new(syncs.Sync);
        Task<int> first = queue.SyncAsync(0, 1);
        syncs.AwaitBegun(1);
        Task<int>[] others =
        [
            queue.SyncAsync(20 * Page, 1),
            queue.SyncAsync((4 * Page) + 100, Page), // to the middle of page 5
            queue.SyncAsync((6 * Page) - 1, 1), // overlaps
            queue.SyncAsync(6 * Page, 10), // touches
            queue.SyncAsync(7 * Page, 5 * Page), // touches that
            queue.SyncAsync(8 * Page, 1), // within another one
            queue.SyncAsync(10 * Page, Page), // overlaps one that is not the last before it
            queue.SyncAsync(13 * Page, Page), // a page is between
        ];

        syncs.LetGo(0, count: 4);

        Assert.All(await Task.WhenAll(others).Within(), errno => Assert.Equal(0, errno));
        await first.Within();
        Assert.Equal([(0, Page), (4 * Page, 8 * Page), (13 * Page, Page), (20 * Page, Page)], syncs.Begun);
    }

    [Fact]
    public async Task A_request_that_came_during_a_sync_is_not_served_by_it()
    {
        using ParkedSyncs syncs = new();
        SyncQueue queue = new(syncs.Sync);
        Task<int> first = queue.SyncAsync(0, Page);
        syncs.AwaitBegun(1);
        Task<int> late = queue.SyncAsync(0, Page); // the very same bytes

        syncs.LetGo(5);
        Assert.Equal(5, await first.Within());
        syncs.AwaitBegun(2);
        Task<int> later = queue.SyncAsync(0, Page);
        Assert.False(late.IsCompleted);
        syncs.LetGo(28);
        Assert.Equal(28, await late.Within());
        syncs.AwaitBegun(3);
        Assert.False(later.IsCompleted);
        syncs.LetGo(0);

        Assert.Equal(0, await later.Within());
    }

    [Fact]
    public async Task What_a_sync_was_told_all_of_its_requests_are_told_and_no_others()
    {
        using ParkedSyncs syncs = new();
        SyncQueue queue = new(syncs.Sync);
        Task<int> first = queue.SyncAsync(0, 1);
        syncs.AwaitBegun(1);
        Task<int>[] near = [queue.SyncAsync(0, 1), queue.SyncAsync(10, 1)];
        Task<int>[] far = [queue.SyncAsync(9 * Page, 1), queue.SyncAsync(9 * Page, Page)];

        syncs.LetGo(0);
        syncs.AwaitBegun(2);
        syncs.LetGo(5);
        syncs.AwaitBegun(3);
        syncs.LetGo(28);

        Assert.Equal(0, await first.Within());
        Assert.All(await Task.WhenAll(near).Within(), errno => Assert.Equal(5, errno));
        Assert.All(await Task.WhenAll(far).Within(), errno => Assert.Equal(28, errno));
    }

    [Fact]
    public async Task An_exception_reaches_all_of_its_requests_and_the_queue_goes_on()
    {
        using ParkedSyncs syncs = new();
        SyncQueue queue = new(syncs.Sync);
        Task<int> first = queue.SyncAsync(0, 1);
        syncs.AwaitBegun(1);
        Task<int>[] near = [queue.SyncAsync(0, 1), queue.SyncAsync(10, 1)];
        Task<int> far = queue.SyncAsync(9 * Page, 1);

        syncs.Fail(new InvalidOperationException("first"));
        syncs.AwaitBegun(2);
        syncs.Fail(new InvalidOperationException("near"));
        syncs.AwaitBegun(3);
        syncs.LetGo(0);

        Assert.Equal("first", (await Assert.ThrowsAsync<InvalidOperationException>(first.Within)).Message);
        foreach (Task<int> task in near)
        {
            Assert.Equal("near", (await Assert.ThrowsAsync<InvalidOperationException>(task.Within)).Message);
        }

        Assert.Equal(0, await far.Within());
        Task<int> afterwards = queue.SyncAsync(0, 1);
        syncs.LetGo(0);
        Assert.Equal(0, await afterwards.Within());
    }

    [Fact]
    public async Task A_queue_that_came_to_rest_begins_again()
    {
        using ParkedSyncs syncs = new();
        SyncQueue queue = new(syncs.Sync);
        for (int i = 1; i <= 200; i++)
        {
            Task<int> task = queue.SyncAsync(0, 1);
            syncs.LetGo(i);
            Assert.Equal(i, await task.Within());
        }

        Assert.Equal(200, syncs.Begun.Length);
    }

    [Fact]
    public async Task No_two_syncs_are_under_way_at_a_time_and_each_begins_after_what_it_serves()
    {
        long stored = 0;
        long durable = 0;
        int inside = 0;
        SyncQueue queue = new((_, _) =>
        {
            Assert.Equal(1, Interlocked.Increment(ref inside));
            long seen = Volatile.Read(ref stored);
            Thread.Yield();
            durable = seen;
            Interlocked.Decrement(ref inside);
            return 0;
        });

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < 2000; i++)
            {
                long own = Interlocked.Increment(ref stored);
                Assert.Equal(0, await queue.SyncAsync(0, 1).ConfigureAwait(false));
                Assert.True(Volatile.Read(ref durable) >= own, "a sync that began before the request has served it");
            }
        }))).Within();
    }

    /// <summary>By a race this would be seen now and then; so the test has the queue's locks itself.</summary>
    [Fact]
    public async Task Nobody_adds_a_request_without_the_queue_s_lock()
    {
        SyncQueue queue = new((_, _) => 0);
        Task<int>? added = null;
        Thread thread = new(() => Volatile.Write(ref added, queue.SyncAsync(0, 1))) { IsBackground = true };

        WithLocksOf(queue, () =>
        {
            thread.Start();
            Soon.Until(() => IsAsleep(thread) || !thread.IsAlive, "the thread waits for the lock, or has none to wait for");
            Assert.Null(Volatile.Read(ref added));
        });

        Assert.True(thread.Join(Soon.Patience));
        Assert.Equal(0, await added!.Within());
    }

    [Fact]
    public async Task Nobody_takes_a_request_without_the_queue_s_lock()
    {
        using SemaphoreSlim go = new(0);
        Thread? serving = null;
        int begun = 0;
        int ended = 0;
        SyncQueue queue = new((_, _) =>
        {
            Volatile.Write(ref serving, Thread.CurrentThread);
            Interlocked.Increment(ref begun);
            Assert.True(go.Wait(Soon.Patience));
            Interlocked.Increment(ref ended);
            return 0;
        });
        Task<int> first = queue.SyncAsync(0, 1);
        Soon.Until(() => Volatile.Read(ref begun) == 1, "the sync has begun");
        Task<int> second = queue.SyncAsync(0, 1);

        WithLocksOf(queue, () =>
        {
            go.Release();
            Soon.Until(
                () => Volatile.Read(ref ended) == 1 && IsAsleep(serving!), "whoever serves waits for the lock, or has begun the next sync");
            Assert.Equal(1, Volatile.Read(ref begun));
        });

        go.Release();
        Assert.Equal(0, await first.Within());
        Assert.Equal(0, await second.Within());
    }

    [Fact]
    public async Task Continuations_do_not_hold_the_queue()
    {
        using ParkedSyncs syncs = new();
        SyncQueue queue = new(syncs.Sync);
        using ManualResetEventSlim go = new();
        Task<int> first = queue.SyncAsync(0, 1);
        Task held = first.ContinueWith(
            _ => Assert.True(go.Wait(Soon.Patience)),
            TestContext.Current.CancellationToken,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        syncs.LetGo(0);
        await first.Within();

        Task<int> second = queue.SyncAsync(0, 1);
        syncs.LetGo(0);
        Assert.Equal(0, await second.Within());

        Assert.False(held.IsCompleted);
        go.Set();
        await held.Within();
    }

    private static bool IsAsleep(Thread thread) => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin);

    /// <summary>Does something while no other thread can enter any lock of the queue, or of what it is made of.</summary>
    private static void WithLocksOf(SyncQueue queue, Action action)
    {
        UninterruptedLock[] locks = [.. LocksIn(queue)];
        Assert.NotEmpty(locks);
        Enter(0);

        void Enter(int next)
        {
            if (next == locks.Length)
            {
                action();
                return;
            }

            using (locks[next].Enter())
            {
                Enter(next + 1);
            }
        }
    }

    private static IEnumerable<UninterruptedLock> LocksIn(object part)
    {
        foreach (FieldInfo field in part.GetType().GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public))
        {
            object? value = field.GetValue(part);
            if (value is UninterruptedLock found)
            {
                yield return found;
            }
            else if (value?.GetType().Namespace == typeof(SyncQueue).Namespace && value is not Delegate)
            {
                foreach (UninterruptedLock inner in LocksIn(value!))
                {
                    yield return inner;
                }
            }
        }
    }
}
