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
/// <item>A leader takes what waits when as many have come as the one before has answered, or when the time is over that
/// it waits for them (<see cref="Gather"/>). It waits for nobody else, and takes what is there.</item>
/// </list>
/// Nothing here can be interrupted. Safe for any thread.
/// <para>
/// Why leaders wait: those who were answered together append again at nearly one time. The first one to come would lead at once, store its
/// own record, and have the others wait for its persist: half of them in every persist at best, and at worst one. A single caller never
/// waits: one that was answered alone is not waited for. Callers who do not come back, each with one append of its own,
/// are waited for in vain; so after a wait in vain some leaders do not wait, after each further one twice as many.
/// </para>
/// </summary>
/// <param name="gathers">Whether leaders wait: where a persist takes much longer than a caller needs to come back.</param>
/// <param name="clock">For how long they do.</param>
internal sealed partial class LogQueue(bool gathers, TimeProvider clock)
{
    /// <summary>The longest that a leader waits, in parts of a second.</summary>
    private const int LongestPart = 1000;

    /// <summary>So many leaders in a row do not wait at most, as a power of 2.</summary>
    private const int MostVain = 6;

    private Gate _gate;
    private List<LogRequest> _waiting = [];
    private State _state;
    private bool _isClosing;
    private ManualResetEventSlim? _closer;
    private List<LogRequest>? _spare;
    private int _expected; // How many were answered last; 0 where nobody is waited for.
    private int _arrived; // How many have come since.
    private int _vain; // How many waits in a row were in vain.
    private int _hasty; // How many more leaders do not wait.
    private long _began; // When the present leader began to store.
    private long _until; // Until when a leader waits.

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

    /// <summary>Leads, where nobody does, nobody waits, and nobody else has to be waited for.</summary>
    internal bool TryLead()
    {
        using (_gate.Enter())
        {
            if (_state != State.Idle || _isClosing || (_expected > 0 && IsEarly()))
            {
                return false;
            }

            _state = State.Leading;
            AssertOrder();
            return true;
        }
    }

    /// <summary>
    /// For the leader, before it takes: lets those come whom the leader before has answered. It does so for no longer than that one took to
    /// store and persist, so whoever does not come back costs the others as much as one persist, once; nor for longer than a
    /// <see cref="LongestPart"/>th of a second. Yielding, since that is too short for a sleep: the last one to come would have to wake it.
    /// </summary>
    internal void Gather()
    {
        int expected = _expected;
        bool misses = Volatile.Read(ref _arrived) < expected, isEarly = !misses || IsEarly(), isInVain = false;
        while (misses && isEarly && !Volatile.Read(ref _isClosing))
        {
            Thread.Yield();
            misses = Volatile.Read(ref _arrived) < expected;
            isEarly = !misses || IsEarly();
            isInVain = !isEarly;
        }

        if (isInVain)
        {
            _vain = Math.Min(_vain + 1, MostVain);
            _hasty = 1 << (_vain - 1);
        }
        else if (expected > 0 && !misses)
        {
            _vain = 0;
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
            _arrived++;
            if (_state == State.Leading || (_state == State.Scheduled && !request.HasThread))
            {
                AssertOrder();
                return Place.Waits;
            }

            _state = request.HasThread ? State.Leading : State.Scheduled;
            AssertOrder();
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

    /// <summary>All that wait, in their order. For the leader, who answers them, and gives the list back.</summary>
    internal List<LogRequest> Take()
    {
        List<LogRequest> next = Interlocked.Exchange(ref _spare, null) ?? [];
        using (_gate.Enter())
        {
            AssertLeads();
            _began = gathers ? clock.GetTimestamp() : 0;
            List<LogRequest> taken = _waiting;
            _waiting = next;
            return taken;
        }
    }

    /// <summary>Gives a list back that was taken, for others.</summary>
    internal void Return(List<LogRequest> taken)
    {
        taken.Clear();
        Volatile.Write(ref _spare, taken);
    }

    /// <summary>Ends leading. Somebody else leads, if anybody waits.</summary>
    /// <param name="answered">How many callers are answered now, and may come back at once.</param>
    /// <returns>Whether the caller has to schedule a pool thread, as with <see cref="Place.Schedules"/>.</returns>
    internal bool HandOn(int answered)
    {
        LogRequest? next;
        ManualResetEventSlim? closer;
        bool schedules = false;
        using (_gate.Enter())
        {
            AssertLeads();
            closer = _closer;
            Expect(answered);
            next = closer is null ? _waiting.Find(static request => request.HasThread) : null;
            if (closer is null && next is null)
            {
                schedules = _waiting.Count > 0;
                _state = schedules ? State.Scheduled : State.Idle;
            }

            AssertOrder();
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

            AssertOrder();
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
            AssertLeads();
            (_state, _closer) = (State.Closed, null);
            AssertOrder();
        }
    }

    private bool IsEarly() => clock.GetTimestamp() < Volatile.Read(ref _until);

    /// <summary>
    /// A single one is not waited for, and nobody looks at the clock for it: whoever was stored alone while others came is back before one
    /// of them has been woken.
    /// </summary>
    private void Expect(int answered)
    {
        (_expected, _arrived, _until) = (0, 0, 0);
        if (!gathers || answered <= 1)
        {
            return;
        }

        if (_hasty > 0)
        {
            _hasty--;
            return;
        }

        long now = clock.GetTimestamp();
        _expected = answered;
        _until = now + Math.Min(now - _began, clock.TimestampFrequency / LongestPart);
    }
}
