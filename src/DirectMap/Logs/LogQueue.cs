using DirectMap.Threading;

namespace DirectMap.Logs;

/// <summary>
/// Who stores next. Requests are served in the order in which they arrive, by one thread at a time: the leader. It takes all that wait, and
/// serves them together; then the next one leads. Invariants:
/// <list type="number">
/// <item>While anybody waits, somebody leads or is scheduled to: whoever adds the first request leads, and whoever
/// ends leading hands on.</item>
/// <item>A request that was taken is answered by the leader who took it, whatever happens.</item>
/// <item>A thread that waits is preferred as the next leader, since the pool may be starved; and a thread that comes while the pool is only
/// scheduled leads in its place.</item>
/// <item>From the beginning of a closing on nothing is added. Whoever waited is refused, and the closing leads last.</item>
/// </list>
/// Nothing here can be interrupted. Safe for any thread.
/// </summary>
internal sealed class LogQueue
{
    private Gate _gate;
    private List<LogRequest> _waiting = [];
    private State _state;
    private bool _isClosing;
    private ManualResetEventSlim? _closer;

    internal enum Place
    {
        /// <summary>The caller leads now.</summary>
        Leads,

        /// <summary>Somebody else does, or will.</summary>
        Waits,

        /// <summary>The caller has to see to it that a pool thread calls <see cref="TryLeadScheduled"/>.</summary>
        Schedules,

        /// <summary>The log is closed, or about to be.</summary>
        Refused,
    }

    private enum State
    {
        Idle,
        Scheduled,
        Leading,
        Closed,
    }

    /// <summary>Leads, where nobody does and nobody waits.</summary>
    internal bool TryLead()
    {
        using (_gate.Enter())
        {
            if (_state != State.Idle || _isClosing)
            {
                return false;
            }

            _state = State.Leading;
            return true;
        }
    }

    internal Place Add(LogRequest request)
    {
        using (_gate.Enter())
        {
            if (_isClosing)
            {
                return Place.Refused;
            }

            _waiting.Add(request);
            if (_state == State.Leading || (_state == State.Scheduled && !request.HasThread))
            {
                return Place.Waits;
            }

            _state = request.HasThread ? State.Leading : State.Scheduled;
            return request.HasThread ? Place.Leads : Place.Schedules;
        }
    }

    /// <summary>Takes a request back that nobody has taken yet.</summary>
    internal bool TryRemove(LogRequest request)
    {
        using (_gate.Enter())
        {
            return _waiting.Remove(request);
        }
    }

    /// <summary>Leads on a pool thread, unless somebody was faster.</summary>
    internal bool TryLeadScheduled()
    {
        using (_gate.Enter())
        {
            if (_state != State.Scheduled)
            {
                return false;
            }

            _state = State.Leading;
            return true;
        }
    }

    /// <summary>All that wait, in their order. For the leader, who answers them.</summary>
    internal List<LogRequest> Take()
    {
        using (_gate.Enter())
        {
            List<LogRequest> taken = _waiting;
            _waiting = [];
            return taken;
        }
    }

    /// <summary>Ends leading. Somebody else leads, if anybody waits.</summary>
    /// <returns>Whether the caller has to schedule a pool thread, as with <see cref="Place.Schedules"/>.</returns>
    internal bool HandOn()
    {
        LogRequest? next;
        ManualResetEventSlim? closer;
        bool schedules = false;
        using (_gate.Enter())
        {
            closer = _closer;
            next = closer is null ? _waiting.Find(static request => request.HasThread) : null;
            if (closer is null && next is null)
            {
                schedules = _waiting.Count > 0;
                _state = schedules ? State.Scheduled : State.Idle;
            }
        }

        if (closer is not null)
        {
            Uninterrupted.Set(closer);
        }

        next?.Lead();
        return schedules;
    }

    /// <summary>Leads as the last one. False where the log is closed already.</summary>
    /// <param name="refused">Those who waited; they are answered by the caller.</param>
    internal bool TryLeadToClose(out List<LogRequest> refused)
    {
        ManualResetEventSlim others = new();
        using (_gate.Enter())
        {
            refused = _waiting;
            if (_isClosing)
            {
                refused = [];
                return false;
            }

            _isClosing = true;
            _waiting = [];
            if (_state == State.Leading)
            {
                // The leader may be one who was called to it and has not come yet: then it is among those who are refused.
                _closer = others;
            }
            else
            {
                _state = State.Leading;
                return true;
            }
        }

        Uninterrupted.Wait(others);
        return true;
    }

    internal void Closed()
    {
        using (_gate.Enter())
        {
            (_state, _closer) = (State.Closed, null);
        }
    }
}
