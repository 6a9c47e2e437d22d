namespace DirectMap.Leases;

/// <summary>
/// What may be in somebody's way: a lease, or an unfinished breaker. It knows those of the waiting that look at it (<see cref="Waiting"/>).
/// Everything is read and written under the table's gate.
/// </summary>
internal abstract class Obstacle
{
    /// <summary>The first of those that look at it; their links are in themselves.</summary>
    internal Waiting? Watchers { get; set; }
}
