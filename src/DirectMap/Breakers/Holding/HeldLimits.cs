using DirectMap.Linux;
using DirectMap.Threading;

namespace DirectMap.Breakers;

/// <summary>
/// Refuses who has waited for longer than he may, with EBUSY, whatever has become of whoever was to answer him; and forgets who was killed
/// meanwhile. One thread, while anybody waits.
/// </summary>
internal sealed class HeldLimits
{
    private const int Tick = 50; // milliseconds
    private const int TicksBetweenLooks = 20;

    private readonly UninterruptedLock _gate = new();
    private readonly List<HeldCall> _calls = [];
    private bool _isRunning;

    /// <summary>Looks after a call until it is answered.</summary>
    internal void Add(HeldCall call)
    {
        using (_gate.Enter())
        {
            _calls.Add(call);
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        try
        {
            OwnThread.Start(Run, "DirectMap: guard, limits", OwnThread.SmallStack);
        }
        catch (OutOfMemoryException)
        {
            using (_gate.Enter())
            {
                _isRunning = false; // The next one tries again. Who answers has a limit of his own.
            }
        }
    }

    private void Run()
    {
        for (int tick = 1; ; tick++)
        {
            _ = Poll.Wait([], Tick);
            HeldCall[] calls;
            using (_gate.Enter())
            {
                _ = _calls.RemoveAll(static call => !call.IsOpen);
                if (_calls.Count == 0)
                {
                    _isRunning = false;
                    return;
                }

                calls = [.. _calls];
            }

            long now = Environment.TickCount64;
            foreach (HeldCall call in calls)
            {
                if (call.IsOverdue(now) || (tick % TicksBetweenLooks == 0 && ProcThread.IsGone(call.Thread)))
                {
                    _ = call.TryDeny(Errno.EBUSY);
                }
            }
        }
    }
}
