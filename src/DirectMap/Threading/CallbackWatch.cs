using System.Collections.Concurrent;

namespace DirectMap.Threading;

/// <summary>
/// Callbacks of the user's that the pool is to run. But a holder must hear of a break before its deadline, also when the pool is starved.
/// So somebody looks each <see cref="s_patience"/>: what waited at the last look and waits still is run by a thread that is started for it.
/// Such a thread runs all that are left; where it has begun none until the next look, since its callback blocks, another one is started,
/// up to <see cref="MostThreads"/>. So a crowd of short callbacks needs one thread, and of those that block that many go on.
/// <para>
/// Who looks is a thread of its own, that runs no user code. It is woken when a callback is added after a while in which none was there,
/// and ends when none came for long. An added callback costs one compare-and-swap and one exchange, for a list that mostly is empty.
/// </para>
/// </summary>
internal static partial class CallbackWatch
{
    /// <summary>How many threads run callbacks at most, beside the pool's.</summary>
    internal const int MostThreads = 32;

    /// <summary>After so many looks at which nothing was there it sleeps.</summary>
    private const int QuietLooks = 20;

    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_linger = TimeSpan.FromSeconds(5);
    private static readonly ConcurrentQueue<UserCallback> s_left = new(); // by the pool, for the threads here
    private static readonly object s_sleep = new(); // what the looking thread sleeps on
    private static AddedCallbacks s_added; // since the last look
    private static long s_begun; // how many of those that were left
    private static int s_threads; // that run what was left
    private static int s_watch = (int)Watched.ByNobody; // written under s_sleep

    private enum Watched
    {
        ByNobody,
        Asleep,
        Awake,
    }

    /// <summary>Has a callback run, soon and elsewhere. For each it is called once.</summary>
    internal static void Add(UserCallback callback)
    {
        s_added.Push(callback);
        ThreadPool.UnsafeQueueUserWorkItem(callback, preferLocal: false);

        // Who goes to sleep says so, and looks at the list after it: either it sees the callback, or it is seen to sleep.
        if (Volatile.Read(ref s_watch) != (int)Watched.Awake)
        {
            Wake();
        }
    }

    private static void Wake()
    {
        using (Uninterrupted.Enter(s_sleep))
        {
            if (s_watch == (int)Watched.Asleep)
            {
                s_watch = (int)Watched.Awake;
                Monitor.Pulse(s_sleep);
            }
            else if (s_watch == (int)Watched.ByNobody && TryStart(Watch, "DirectMap look at callbacks"))
            {
                s_watch = (int)Watched.Awake;
            }
        }
    }

    private static void Watch()
    {
        List<UserCallback> waiting = [], added = [];
        long before = 0;
        int quiet = 0;
        do
        {
            foreach (UserCallback callback in waiting.Where(static callback => !callback.IsTaken))
            {
                s_left.Enqueue(callback);
            }

            waiting.Clear();
            s_added.TakeAll(added);
            (waiting, added) = (added, waiting);
            long begun = Volatile.Read(ref s_begun);
            if (!s_left.IsEmpty && (Volatile.Read(ref s_threads) == 0 || begun == before))
            {
                Help();
            }

            before = begun;
            quiet = waiting.Count != 0 || !s_left.IsEmpty ? 0 : quiet + 1;
        }
        while (quiet < QuietLooks ? Pause() : SleepUntilAdded());
    }

    private static bool Pause()
    {
        lock (s_sleep)
        {
            Monitor.Wait(s_sleep, s_patience);
            return true;
        }
    }

    /// <summary>False: nothing came, and the thread must end.</summary>
    private static bool SleepUntilAdded()
    {
        lock (s_sleep)
        {
            if (IsEmptyWhile(Watched.Asleep))
            {
                Monitor.Wait(s_sleep, s_linger);
            }

            if (s_watch != (int)Watched.Awake && IsEmptyWhile(Watched.ByNobody))
            {
                return false;
            }

            s_watch = (int)Watched.Awake;
            return true;
        }
    }

    private static bool IsEmptyWhile(Watched watched)
    {
        Volatile.Write(ref s_watch, (int)watched);
        Interlocked.MemoryBarrier();
        return s_added.IsEmpty;
    }

    private static void Help()
    {
        if (Volatile.Read(ref s_threads) >= MostThreads)
        {
            return;
        }

        Interlocked.Increment(ref s_threads);
        if (!TryStart(RunWhatIsLeft, "DirectMap break callback"))
        {
            Interlocked.Decrement(ref s_threads);
        }
    }

    private static void RunWhatIsLeft()
    {
        while (s_left.TryDequeue(out UserCallback? callback))
        {
            Interlocked.Increment(ref s_begun);
            if (callback.TryTake())
            {
                callback.Run();
            }
        }

        Interlocked.Decrement(ref s_threads);
    }

    private static bool TryStart(Action body, string name)
    {
        try
        {
            OwnThread.Start(body, name);
            return true;
        }
        catch (Exception)
        {
            return false; // Out of threads or memory: it is left to the pool.
        }
    }
}
