namespace DirectMap;

/// <summary>What a file is to be protected from beyond changes through this library, while leases on it are held.</summary>
/// <remarks>Immutable: use <c>with</c> to change a copy.</remarks>
public sealed record GuardOptions
{
    /// <summary><see cref="ProtectionLevel.Watched"/>, preferred: no other process is ever made to wait.</summary>
    public static GuardOptions Default { get; } = new();

    /// <summary>No protection beyond <see cref="ProtectionLevel.ThisProcess"/>: nothing is watched.</summary>
    public static GuardOptions None { get; } = new() { Demand = GuardDemand.None, Level = ProtectionLevel.ThisProcess };

    /// <summary>How much the level is wanted; <see cref="GuardDemand.Preferred"/> by default.</summary>
    public GuardDemand Demand { get; init; }

    /// <summary>The level that is wanted; <see cref="ProtectionLevel.Watched"/> by default.</summary>
    /// <remarks>
    /// More than <see cref="ProtectionLevel.Watched"/> makes other processes wait, and is had only where it is asked for: it takes
    /// CAP_SYS_ADMIN, Linux 6.14, and ext4, XFS or btrfs.
    /// </remarks>
    public ProtectionLevel Level { get; init; } = ProtectionLevel.Watched;

    /// <summary>What becomes of a region when its file was changed without asking.</summary>
    public TrespassResponse Response { get; init; }

    /// <summary>A level, where it can be had; else the best below it.</summary>
    /// <param name="level">Which.</param>
    /// <returns>The options.</returns>
    public static GuardOptions Preferred(ProtectionLevel level) => new() { Level = level };

    /// <summary>A level, or opening the file is refused.</summary>
    /// <param name="level">Which.</param>
    /// <returns>The options.</returns>
    public static GuardOptions Required(ProtectionLevel level) => new() { Demand = GuardDemand.Required, Level = level };
}
