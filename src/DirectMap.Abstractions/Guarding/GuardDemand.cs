namespace DirectMap;

/// <summary>How much a level of protection is wanted.</summary>
public enum GuardDemand
{
    /// <summary>As much as there is, up to the level.</summary>
    Preferred = 0,

    /// <summary>None beyond <see cref="ProtectionLevel.ThisProcess"/>.</summary>
    None = 1,

    /// <summary>The level or more, or opening is refused.</summary>
    /// <remarks>Where the level is lost while the file is mapped, its regions are revoked.</remarks>
    Required = 2,
}
