namespace DirectMap.Leases;

/// <summary>A deadline that is watched, and what is to be done about it: see <see cref="Deadlines"/>.</summary>
internal abstract class WatchedDeadline(long? at)
{
    private const long Never = long.MinValue;

    private readonly long _at = at ?? Never;

    // The links of Deadlines, under its gate.
    internal WatchedDeadline? Earlier;
    internal WatchedDeadline? Later;
    internal bool IsWatched;

    /// <summary>By the clock's timestamp, which no change of the wall clock moves; null for never.</summary>
    internal long? At => _at == Never ? null : _at;

    /// <summary>It has passed. Called with no lock held.</summary>
    internal abstract void Pass();

    /// <summary>Nobody watches it any more. Called with no lock held.</summary>
    internal abstract void Fail(Exception failure);
}
