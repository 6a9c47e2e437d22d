using System.Diagnostics;

namespace DirectMap.Threading;

/// <summary>
/// Threads for work that may wait long, each piece by a thread of its own: never the pool's, which the user's code may have all taken. They
/// stay for a while when they are done. Invariants, under the gate:
/// <list type="number">
/// <item>A piece of work that is taken has a thread: one that waits for it, or one that is started for it.</item>
/// <item>There are never more threads than the bound; a piece beyond it is refused, and waits for nobody.</item>
/// </list>
/// </summary>
internal sealed class LingeringThreads(int most, string name)
{
    private static readonly TimeSpan s_linger = TimeSpan.FromSeconds(5);

    private readonly object _gate = new();
    private readonly Queue<Action> _work = new();
    private int _threads;
    private int _idle; // that wait, or were woken and have not looked yet

    /// <summary>Has a thread do it.</summary>
    /// <returns>False: there are as many as there may be, or the system has no thread.</returns>
    internal bool TryRun(Action work)
    {
        bool isTaken = false;
        Uninterrupted.Run((this, work), one => isTaken = one.Item1.TryTake(one.work));
        return isTaken;
    }

    private bool TryTake(Action work)
    {
        lock (_gate)
        {
            Debug.Assert(_threads <= most && _idle <= _threads, "2: threads are counted wrongly");
            if (_idle > _work.Count)
            {
                _work.Enqueue(work);
                Monitor.Pulse(_gate);
                return true;
            }

            if (_threads == most)
            {
                return false;
            }

            try
            {
                OwnThread.Start(() => Run(work), name, OwnThread.SmallStack);
            }
            catch (OutOfMemoryException)
            {
                return false;
            }

            _threads++;
            return true;
        }
    }

    private void Run(Action first)
    {
        for (Action? work = first; work is not null; work = Next())
        {
            try
            {
                work();
            }
            catch (Exception exception)
            {
                UserCode.TraceFailure(exception); // It must not end the process.
            }
        }
    }

    private Action? Next()
    {
        lock (_gate)
        {
            Action? work;
            while (!_work.TryDequeue(out work))
            {
                _idle++;
                bool isWoken = Monitor.Wait(_gate, s_linger);
                _idle--;
                if (!isWoken && _work.Count == 0)
                {
                    _threads--;
                    return null;
                }
            }

            return work;
        }
    }
}
