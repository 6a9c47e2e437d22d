using System.Diagnostics;
using DirectMap.Linux;
using DirectMap.Threading;

namespace DirectMap.Durability;

/// <summary>
/// The syncs (msync, fsync) of one inode and what they were told. The kernel reports a failure to write back once per open file
/// description, which all regions of the inode share: whoever happens to sync first takes the report away from those whose bytes were lost.
/// So failures are kept here, for everybody who was there, and a sync that went well is done only when every sync that overlapped it has
/// said what it was told: one of them may have taken the report. No sync allocates, but for the first ones at a time.
/// <para>
/// A sync may be made of several calls. What it has done with those that went well nobody has to wait for any more: they took no report
/// away. So it exchanges its ticket between them (<see cref="Renew"/>), and whoever waits for the old one goes on. The sync itself waits
/// at its end only: whoever overlapped any of its calls has ended by then, and said what he was told, or still has a ticket.
/// </para>
/// <para>
/// A slot is given back whatever happens: <see cref="End"/> does so before it waits for anybody, and no interrupt keeps it from that. Only
/// the waiting can be interrupted. The caller has no answer then; others lose nothing.
/// </para>
/// </summary>
internal sealed partial class SyncLedger
{
    /// <summary>Numbers are those of the process, so that one that somebody has kept never means a later failure.</summary>
    private static long s_failures;

    private readonly object _gate = new();
    private long[] _running = new long[4]; // tickets of syncs that have begun and not ended; below 0: they rest; 0: none
    private long _lastTicket;
    private int _waiting; // syncs that have ended, and wait for others
    private Failure _lastFailure = new(0, 0);
    private long _acknowledged; // number of the last failure that somebody has made good

    /// <param name="Number">0: none yet.</param>
    /// <param name="Errno">What the kernel reported.</param>
    internal sealed record Failure(long Number, int Errno);

    /// <summary>The last failure that was reported.</summary>
    internal Failure LastFailure => Volatile.Read(ref _lastFailure);

    /// <summary>The number of the last failure that was acknowledged.</summary>
    internal long Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>Whether there is a failure that nobody has acknowledged.</summary>
    internal bool HasFailed => LastFailure.Number > Acknowledged;

    /// <summary>Somebody has seen the failures up to this one, and makes the bytes good.</summary>
    internal void Acknowledge(long number)
    {
        using (Uninterrupted.Enter(_gate))
        {
            Debug.Assert(_acknowledged <= _lastFailure.Number, "a failure was acknowledged that nobody was told of");
            Volatile.Write(ref _acknowledged, Math.Max(_acknowledged, Math.Min(number, _lastFailure.Number)));
        }
    }

    /// <returns>The slot to give to <see cref="End"/>.</returns>
    internal int Begin()
    {
        using (Uninterrupted.Enter(_gate))
        {
            int slot = Array.IndexOf(_running, 0L);
            if (slot < 0)
            {
                slot = _running.Length;
                Array.Resize(ref _running, slot * 2);
            }

            _running[slot] = ++_lastTicket;
            return slot;
        }
    }

    /// <summary>
    /// The sync goes on, and its calls so far were told of nothing: those who waited for them do not wait for the next ones. It must not be
    /// called after one that was told of a failure, which <see cref="End"/> is for.
    /// </summary>
    /// <returns>Whether others have begun since the ticket was given out, or wait.</returns>
    internal bool Renew(int slot)
    {
        using (Uninterrupted.Enter(_gate))
        {
            Debug.Assert(_running[slot] != 0, "a sync goes on that has ended");
            bool isAlone = Math.Abs(_running[slot]) == _lastTicket && _waiting == 0;
            _running[slot] = ++_lastTicket;
            Monitor.PulseAll(_gate);
            return !isAlone;
        }
    }

    /// <summary>
    /// The sync goes on, its calls so far were told of nothing, and until <see cref="Renew"/> it does nothing that takes a report away:
    /// until then nobody waits for it. <see cref="End"/> must not come before that.
    /// </summary>
    internal void Rest(int slot)
    {
        using (Uninterrupted.Enter(_gate))
        {
            Debug.Assert(_running[slot] > 0, "a sync rests twice, or has ended");
            _running[slot] = -_running[slot];
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>The sync has returned. Waits, when it went well, for those that overlapped it.</summary>
    /// <exception cref="ThreadInterruptedException">The thread was interrupted while it waited.</exception>
    internal void End(int slot, int errno)
    {
        Uninterrupted.Run((Ledger: this, slot, errno), static ended => ended.Ledger.GiveBack(ended.slot, ended.errno));
        if (errno != 0)
        {
            return;
        }

        lock (_gate)
        {
            // Tickets are given out in order, so those that come while this one waits are none of its own.
            long horizon = _lastTicket;
            _waiting++;
            try
            {
                while (IsAnyRunningUnsynchronized(horizon))
                {
                    Monitor.Wait(_gate);
                }
            }
            finally
            {
                _waiting--; // An interrupted wait has the gate again, too.
                Debug.Assert(_waiting >= 0, "those who wait are counted wrongly");
            }
        }
    }

    private void GiveBack(int slot, int errno)
    {
        lock (_gate)
        {
            Debug.Assert(_running[slot] > 0, "a slot is given back twice, or while its sync rests");
            _running[slot] = 0;
            if (IsAboutData(errno))
            {
                Failure failure = new(Interlocked.Increment(ref s_failures), errno);
                Debug.Assert(failure.Number > _lastFailure.Number, "a later failure has an earlier number");
                Volatile.Write(ref _lastFailure, failure);
            }

            Monitor.PulseAll(_gate);
        }
    }

    private bool IsAnyRunningUnsynchronized(long horizon)
    {
        foreach (long ticket in _running)
        {
            if (ticket > 0 && ticket <= horizon)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>ENOMEM, EINVAL and EBADF are about the call; everything else says that bytes were lost.</summary>
    internal static bool IsAboutData(int errno) => errno is not (0 or Errno.ENOMEM or Errno.EINVAL or Errno.EBADF);
}
