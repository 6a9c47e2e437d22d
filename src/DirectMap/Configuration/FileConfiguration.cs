using DirectMap.Breakers;
using DirectMap.Inodes;
using DirectMap.Telemetry;

namespace DirectMap.Configuration;

/// <summary>What files are opened under.</summary>
/// <param name="Name">What it is called in messages.</param>
/// <param name="Coordinator">Who arbitrates.</param>
/// <param name="FaultPolicy">What direct mappings may do, where neither file nor mapping say.</param>
/// <param name="Backing">How files are opened, where they do not say.</param>
/// <param name="Events">Those who log, measure and trace.</param>
/// <param name="Parties">What makes more parties from outside of each inode, which come before the witness; null for none.</param>
internal sealed record FileConfiguration(
    string Name,
    ILeaseCoordinator Coordinator,
    IFaultPolicy FaultPolicy,
    FileBackingKind Backing,
    FileEvents Events,
    IReadOnlyList<PartyMaker>? Parties = null)
{
    private readonly PartyMaker[] _partiesOnLinux = [.. Parties ?? [], FileWitness.MakerFor(Events)];

    /// <summary>What files are protected from, where they do not say.</summary>
    internal GuardOptions Guard { get; init; } = GuardOptions.Default;

    /// <summary>What makes the parties of an inode: only Linux's system calls tell of changes.</summary>
    internal IReadOnlyList<PartyMaker>? PartiesOf(FileBackingKind backing) => backing == FileBackingKind.Linux ? _partiesOnLinux : Parties;

    public override string ToString() => $"configuration '{Name}' ({Coordinator})";
}
