using DirectMap.Inodes;
using DirectMap.Telemetry;

namespace DirectMap.Configuration;

/// <summary>What files are opened under.</summary>
/// <param name="Name">What it is called in messages.</param>
/// <param name="Coordinator">Who arbitrates.</param>
/// <param name="FaultPolicy">What direct mappings may do, where neither file nor mapping say.</param>
/// <param name="Backing">How files are opened, where they do not say.</param>
/// <param name="Events">Those who log, measure and trace.</param>
/// <param name="Parties">What makes the parties from outside of each inode; null for none.</param>
internal sealed record FileConfiguration(
    string Name,
    ILeaseCoordinator Coordinator,
    IFaultPolicy FaultPolicy,
    FileBackingKind Backing,
    FileEvents Events,
    IReadOnlyList<PartyMaker>? Parties = null)
{
    public override string ToString() => $"configuration '{Name}' ({Coordinator})";
}
