namespace DirectMap.Tests.Leases;

/// <summary>
/// Who has to wait for whom, said plainly: after each change everybody is compared with everybody, in the order of arrival. Of one file,
/// with shared leases and without deadlines.
/// </summary>
internal sealed class PlainBreakers
{
    internal List<Breaker> Breakers { get; } = []; // unfinished, in the order of arrival

    internal List<Lease> Leases { get; } = []; // in force, or waited for

    /// <returns>False: it would wait for itself, and nothing has changed.</returns>
    internal bool TryArrive(Breaker breaker)
    {
        bool mustWait = MustWait(breaker);
        bool mustLetGo = Leases.Exists(lease => lease is { IsGranted: true, IsBroken: true } && lease.Owner == breaker.Owner);
        if ((mustLetGo && breaker.Range.Length != 0)
            || (mustWait && WaitsForItself(breaker)))
        {
            return false;
        }

        Leases.FindAll(lease => IsInTheWay(lease, breaker)).ForEach(lease => lease.IsBroken = true);
        Breakers.Add(breaker);
        breaker.IsRunning = !mustWait;
        return true;
    }

    internal void Leave(Breaker breaker)
    {
        Breakers.Remove(breaker);
        Advance();
    }

    internal void Add(Lease lease)
    {
        Leases.Add(lease);
        Advance();
    }

    internal void Release(Lease lease)
    {
        Leases.Remove(lease);
        Advance();
    }

    internal bool IsRefused(Lease lease) =>
        !IsAvailable(lease)
        && (Breakers.Exists(right => IsRightOf(right, lease.Owner) && right.Range.Overlaps(lease.Range))
            || Stuck(lease.Owner).Exists(stuck => stuck.Range.Overlaps(lease.Range)));

    private void Advance()
    {
        foreach (Breaker breaker in Breakers.Where(breaker => !breaker.IsRunning))
        {
            breaker.IsRunning = !MustWait(breaker);
        }

        foreach (Lease lease in Leases.Where(lease => !lease.IsGranted))
        {
            lease.IsGranted = IsAvailable(lease);
        }
    }

    private bool IsAvailable(Lease lease) =>
        !Breakers.Exists(breaker => breaker.Range.Overlaps(lease.Range))
        && !Leases.Exists(other => other is { IsGranted: true, IsBroken: true } && other.Range.Overlaps(lease.Range));

    private bool MustWait(Breaker breaker) =>
        Leases.Exists(lease => IsInTheWay(lease, breaker))
        || Breakers.TakeWhile(other => other != breaker).Any(other =>
            !other.IsRunning && other.Range.Overlaps(breaker.Range) && !IsUnderRight(breaker))
        || Breakers.Exists(other => other != breaker && other.IsRunning && other.Range.Overlaps(breaker.Range) && !Covers(other, breaker));

    private static bool IsInTheWay(Lease lease, Breaker breaker) =>
        lease.IsGranted && lease.Owner != breaker.Owner && lease.Range.Overlaps(breaker.Range);

    private bool IsUnderRight(Breaker breaker) => Breakers.Exists(right => Covers(right, breaker));

    private static bool IsRightOf(Breaker right, object owner) => right is { IsRunning: true, IsRight: true } && right.Owner == owner;

    private static bool Covers(Breaker right, Breaker breaker) =>
        right != breaker && IsRightOf(right, breaker.Owner) && right.Range.Contains(breaker.Range);

    private bool WaitsForItself(Breaker breaker) =>
        Breakers.Exists(right => IsRightOf(right, breaker.Owner) && right.Range.Overlaps(breaker.Range) && !Covers(right, breaker))
        || (!IsUnderRight(breaker) && Stuck(breaker.Owner).Exists(other => other.Range.Overlaps(breaker.Range)));

    /// <summary>Those that wait for a right of the owner's, themselves or through others.</summary>
    private List<Breaker> Stuck(object owner)
    {
        List<Breaker> stuck = [];
        foreach (Breaker other in Breakers.Where(other => !other.IsRunning))
        {
            if (Breakers.Exists(right => IsRightOf(right, owner) && right.Range.Overlaps(other.Range) && !Covers(right, other))
                || (!IsUnderRight(other) && stuck.Exists(earlier => earlier.Range.Overlaps(other.Range))))
            {
                stuck.Add(other);
            }
        }

        return stuck;
    }

    internal sealed record Breaker(int Id, object Owner, FileRange Range, bool IsRight)
    {
        internal bool IsRunning { get; set; }
    }

    internal sealed record Lease(int Id, object Owner, FileRange Range)
    {
        internal bool IsGranted { get; set; }

        internal bool IsBroken { get; set; }
    }
}
