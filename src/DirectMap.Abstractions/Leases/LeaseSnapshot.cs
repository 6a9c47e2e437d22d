using System.Globalization;
using System.Text;

namespace DirectMap;

/// <summary>Who holds, breaks and waits for what, for tools and support.</summary>
/// <remarks>It is an immutable copy: each file's part is of one moment, different files' parts need not be of the same one.</remarks>
public sealed record LeaseSnapshot
{
    /// <summary>When it was taken, by the coordinator's clock.</summary>
    public required DateTimeOffset TakenAt { get; init; }

    /// <summary>The leases in force, in the order in which they were taken, file by file.</summary>
    public required IReadOnlyList<LeaseInfo> Leases { get; init; }

    /// <summary>The unfinished breakers, in the order in which they arrived, file by file.</summary>
    public required IReadOnlyList<BreakerInfo> Breakers { get; init; }

    /// <summary>The requests for a lease, and for an upgrade of one, that wait, in the order in which they arrived, file by file.</summary>
    public required IReadOnlyList<LeaseWaiterInfo> Waiters { get; init; }

    /// <summary>Returns a line for each, for messages and support.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(
            CultureInfo.InvariantCulture,
            $"{Leases.Count} leases, {Breakers.Count} breakers, {Waiters.Count} waiting requests at {TakenAt:O}");
        foreach (object line in Leases.Concat<object>(Breakers).Concat(Waiters))
        {
            text.AppendLine().Append("  ").Append(line);
        }

        return text.ToString();
    }
}
