using DirectMap.Configuration;

namespace DirectMap.Tests.Leases.Model;

/// <summary>
/// What the coordinator promises, said as simply as possible: lists that are searched from the front, and rules applied until nothing
/// changes. It shares no code with the coordinator.
/// </summary>
internal sealed partial class LeaseModel
{
    internal List<Lease> Leases { get; } = []; // in force, in the order of grants

    internal List<Breaker> Breakers { get; } = []; // unfinished, in the order of arrival

    internal List<Request> Requests { get; } = []; // waiting, in the order of arrival

    /// <summary>Those whose outcome became known in the last step.</summary>
    internal List<Decided> News { get; } = [];

    internal int Now { get; private set; } // milliseconds

    internal int BreakTime { get; set; }

    private int _breaks;
    private int _grants;

    internal Request Acquire(int id, int file, int owner, FileRange range, bool exclusive, bool wait, bool mapped, int failures)
    {
        Request request = new()
        {
            Id = id,
            File = file,
            Owner = owner,
            Range = range,
            Exclusive = exclusive,
            Mapped = mapped,
            Failures = failures
        };
        if (IsAvailable(request))
        {
            Grant(request);
        }
        else if (Breakers.Exists(breaker =>
            breaker.File == file && breaker.Range.Overlaps(range) && (breaker.IsRightOf(file, owner) || WaitsForRightOf(breaker, owner))))
        {
            Decide(request, Outcome.Deadlock);
        }
        else if (!wait)
        {
            Decide(request, Outcome.WouldBlock);
        }
        else
        {
            Requests.Add(request);
        }

        return request;
    }

    internal void Release(Lease lease)
    {
        End(lease, LeaseState.Released);
        Settle();
    }

    internal Request Upgrade(int id, Lease lease, bool wait)
    {
        Request request = new()
        {
            Id = id,
            File = lease.File,
            Owner = lease.Owner,
            Range = lease.Range,
            Exclusive = true,
            Upgraded = lease
        };
        if (lease.Exclusive)
        {
            Decide(request, Outcome.Granted);
        }
        else if (lease.State == LeaseState.Breaking)
        {
            Decide(request, wait ? Outcome.Deadlock : Outcome.WouldBlock);
        }
        else if (CanUpgrade(lease))
        {
            lease.Exclusive = true;
            Decide(request, Outcome.Granted);
        }
        else if (!wait)
        {
            Decide(request, Outcome.WouldBlock);
        }
        else if (Requests.Exists(other =>
            other.Upgraded is { } mine && mine.File == lease.File && mine.Owner != lease.Owner && mine.Range.Overlaps(lease.Range)))
        {
            Decide(request, Outcome.Deadlock);
        }
        else
        {
            Requests.Add(request);
        }

        return request;
    }

    internal void Downgrade(Lease lease)
    {
        lease.Exclusive = false;
        Settle();
    }

    internal void GiveUp(Request request)
    {
        Requests.Remove(request);
        Decide(request, Outcome.GaveUp);
    }

    internal Breaker Break(int id, int file, int owner, FileRange range, bool takes, bool nonBlocking, bool layout, int? timeout)
    {
        Breaker breaker = new() { Id = id, File = file, Owner = owner, Range = range, IsLayout = layout, TimesOutAt = Now + timeout };
        List<Lease> here = Leases.FindAll(lease => lease.File == file && lease.Range.Overlaps(range));
        if (range.Length != 0 && Leases.Exists(lease => lease.File == file && lease.Owner == owner && lease.State == LeaseState.Breaking))
        {
            Decide(breaker, Outcome.Deadlock);
            return breaker;
        }

        if (takes && here.Exists(lease => lease.Owner == owner && lease.Mapped))
        {
            Decide(breaker, Outcome.Busy);
            return breaker;
        }

        if (here.Exists(lease => lease.Owner != owner && lease.Exclusive))
        {
            Decide(breaker, Outcome.ExclusivelyHeld);
            return breaker;
        }

        Breakers.Add(breaker);
        bool mustWait = MustWait(breaker);
        if (mustWait && WaitsForRightOf(breaker, owner))
        {
            Breakers.Remove(breaker);
            Decide(breaker, Outcome.Deadlock);
            return breaker;
        }

        List<Lease> broken = here.FindAll(lease => lease.Owner != owner && lease.State == LeaseState.Active);
        int number = _breaks++;
        foreach (Lease lease in broken)
        {
            lease.State = LeaseState.Breaking;
            lease.BrokenBy = breaker.Id;
            lease.BreakNumber = number;
            lease.Deadline = BreakTime == 0 ? null : Now + BreakTime;
            foreach (Request upgrade in Requests.FindAll(request => request.Upgraded == lease))
            {
                Requests.Remove(upgrade);
                Decide(upgrade, Outcome.Deadlock);
            }
        }

        here.FindAll(lease => lease.Owner != owner).ForEach(lease => lease.HasFailed = false);
        if (mustWait && nonBlocking)
        {
            Breakers.Remove(breaker);
            Decide(breaker, Outcome.WouldBlock);
        }
        else if (!mustWait)
        {
            breaker.IsRunning = true;
            Decide(breaker, Outcome.Granted);
        }

        RevokeOverdue(); // What failed before is tried again at once.
        return breaker;
    }

    internal void GiveUp(Breaker breaker, Outcome outcome = Outcome.GaveUp)
    {
        Breakers.Remove(breaker);
        Decide(breaker, outcome);
        Settle();
    }

    internal void Finish(Breaker breaker)
    {
        Breakers.Remove(breaker);
        Settle();
    }

    /// <summary>When something happens next; null when nothing will by itself.</summary>
    internal int? NextEvent() =>
        Leases.Where(lease => lease.State == LeaseState.Breaking && !lease.HasFailed).Select(lease => lease.Deadline)
            .Concat(Breakers.Where(breaker => !breaker.IsRunning).Select(breaker => breaker.TimesOutAt))
            .Min();

    internal void MoveTo(int time)
    {
        Now = time;
        Breakers.FindAll(breaker => !breaker.IsRunning && breaker.TimesOutAt <= time).ForEach(breaker => GiveUp(breaker, Outcome.TimedOut));
        RevokeOverdue();
    }

    private void RevokeOverdue()
    {
        IEnumerable<Lease> overdue = Leases
            .Where(lease => lease.State == LeaseState.Breaking && !lease.HasFailed && lease.Deadline <= Now)
            .OrderBy(lease => lease.Deadline).ThenBy(lease => lease.BreakNumber).ThenBy(lease => lease.Range.Offset)
            .ThenBy(lease => lease.Number);
        foreach (Lease lease in overdue.ToList())
        {
            if (lease.Failures > 0)
            {
                lease.Failures--;
                lease.HasFailed = true;
            }
            else
            {
                End(lease, LeaseState.Revoked);
            }

            Settle();
        }
    }

    /// <summary>Applies the rules of who may go on, until nobody more may.</summary>
    private void Settle()
    {
        foreach (Breaker breaker in Breakers.FindAll(breaker => !breaker.IsRunning))
        {
            if (Leases.Exists(lease => lease.HasFailed && Conflicts(lease, breaker)))
            {
                Breakers.Remove(breaker);
                Decide(breaker, Outcome.RevocationFailed);
            }
            else if (!MustWait(breaker))
            {
                breaker.IsRunning = true;
                Decide(breaker, Outcome.Granted);
            }
        }

        foreach (Request request in Requests.ToList())
        {
            if (request.Upgraded is { } lease)
            {
                if (CanUpgrade(lease))
                {
                    lease.Exclusive = true;
                    Requests.Remove(request);
                    Decide(request, Outcome.Granted);
                }
            }
            else if (IsAvailable(request))
            {
                Requests.Remove(request);
                Grant(request);
            }
        }
    }

    private void End(Lease lease, LeaseState state)
    {
        lease.State = state;
        Leases.Remove(lease);
        foreach (Request upgrade in Requests.FindAll(request => request.Upgraded == lease))
        {
            Requests.Remove(upgrade);
            Decide(upgrade, Outcome.Ended);
        }
    }

    private void Grant(Request request)
    {
        Lease lease = new()
        {
            Id = request.Id,
            File = request.File,
            Owner = request.Owner,
            Range = request.Range,
            Exclusive = request.Exclusive,
            Mapped = request.Mapped,
            Failures = request.Failures,
            Number = _grants++,
        };
        Leases.Add(lease);
        request.Lease = lease;
        Decide(request, Outcome.Granted);
    }

    private bool IsAvailable(Request request) =>
        !Breakers.Exists(breaker => breaker.File == request.File && breaker.Range.Overlaps(request.Range))
        && !Leases.Exists(lease => lease.File == request.File && lease.Range.Overlaps(request.Range)
            && (lease.State == LeaseState.Breaking || (lease.Owner != request.Owner && (request.Exclusive || lease.Exclusive))));

    private bool CanUpgrade(Lease lease) =>
        !Leases.Exists(other => other.File == lease.File && other.Owner != lease.Owner && other.Range.Overlaps(lease.Range));

    private bool MustWait(Breaker breaker)
    {
        if (Leases.Exists(lease => Conflicts(lease, breaker)))
        {
            return true;
        }

        List<Breaker> here = Breakers.FindAll(other =>
            other != breaker && other.File == breaker.File && other.Range.Overlaps(breaker.Range));
        if (here.Exists(other => other.IsRunning && !IsRightOver(other, breaker)))
        {
            return true;
        }

        return !IsUnderRight(breaker) && here.Exists(other => !other.IsRunning && Breakers.IndexOf(other) < Breakers.IndexOf(breaker));
    }

    /// <summary>Whether a waiting breaker waits, in the end, for a right that an owner holds.</summary>
    private bool WaitsForRightOf(Breaker breaker, int owner)
    {
        if (breaker.IsRunning)
        {
            return false;
        }

        List<Breaker> here = Breakers.FindAll(other =>
            other != breaker && other.File == breaker.File && other.Range.Overlaps(breaker.Range));
        return here.Exists(other => other.IsRightOf(breaker.File, owner) && !IsRightOver(other, breaker))
            || (!IsUnderRight(breaker)
                && here.Exists(other => Breakers.IndexOf(other) < Breakers.IndexOf(breaker) && WaitsForRightOf(other, owner)));
    }

    private bool IsUnderRight(Breaker breaker) => Breakers.Exists(right => IsRightOver(right, breaker));

    private static bool IsRightOver(Breaker right, Breaker breaker) =>
        right != breaker && right.IsRightOf(breaker.File, breaker.Owner)
        && (breaker.Range.Length == 0 || (right.Range.Offset <= breaker.Range.Offset && breaker.Range.End <= right.Range.End));

    private static bool Conflicts(Lease lease, Breaker breaker) =>
        lease.File == breaker.File && lease.Owner != breaker.Owner && lease.Range.Overlaps(breaker.Range);

    private void Decide(Decided decided, Outcome outcome)
    {
        decided.Outcome = outcome;
        News.Add(decided);
    }
}
