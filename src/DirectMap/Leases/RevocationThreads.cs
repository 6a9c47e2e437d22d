using System.Diagnostics;
using DirectMap.Threading;

namespace DirectMap.Leases;

/// <summary>
/// The threads that revoke overdue leases: never the pool's, since a revocation may block and a deadline must hold when the pool is
/// starved. They are started as they are needed, up to a bound, and stay for a while. If none is to be had, whoever asks serves: the thread
/// that watches the deadlines.
/// </summary>
internal sealed class RevocationThreads(int most)
{
    private static readonly TimeSpan s_linger = TimeSpan.FromSeconds(5);

    private readonly object _gate = new();
    private readonly Queue<IRevoking> _asked = new();
    private int _threads;
    private int _idle; // that wait, or were woken and have not looked yet

    /// <summary>Has a thread serve the table's overdue leases. Called with no lock held.</summary>
    internal void Serve(IRevoking table)
    {
        bool isAsked = false;
        Uninterrupted.Run(table, asked => isAsked = TryAsk(asked));
        if (!isAsked)
        {
            table.ServeRevocations();
        }
    }

    private bool TryAsk(IRevoking table)
    {
        lock (_gate)
        {
            AssertCounts();
            if (_idle > _asked.Count)
            {
                _asked.Enqueue(table);
                Monitor.Pulse(_gate);
                return true;
            }

            if (_threads < most && TryStart(table))
            {
                _threads++;
                return true;
            }

            if (_threads > 0)
            {
                _asked.Enqueue(table); // The next one that is done.
                return true;
            }

            return false;
        }
    }

    private bool TryStart(IRevoking table)
    {
        try
        {
            OwnThread.Start(() => Run(table), "DirectMap lease revocation");
            return true;
        }
        catch (Exception)
        {
            return false; // Out of threads or memory.
        }
    }

    private void Run(IRevoking first)
    {
        for (IRevoking? table = first; table is not null; table = Next())
        {
            table.ServeRevocations();
        }
    }

    private IRevoking? Next()
    {
        lock (_gate)
        {
            IRevoking? table;
            while (!_asked.TryDequeue(out table))
            {
                _idle++;
                bool woken = Monitor.Wait(_gate, s_linger);
                _idle--;
                if (!woken && _asked.Count == 0)
                {
                    _threads--;
                    return null;
                }
            }

            AssertCounts();
            return table;
        }
    }

    [Conditional("DEBUG")]
    private void AssertCounts()
    {
        Debug.Assert(_threads >= 0 && _threads <= most, "more threads than may be");
        Debug.Assert(_idle >= 0 && _idle <= _threads, "threads that wait are counted wrongly");
        Debug.Assert(_asked.Count == 0 || _threads > 0, "a table is asked for, and nobody will serve it");
    }
}
