namespace DirectMap;

/// <summary>How much a level of protection is wanted.</summary>
public enum GuardDemand
{
    /// <summary>As much as there is, up to the level.</summary>
    Preferred = 0,

    /// <summary>None beyond <see cref="ProtectionLevel.ThisProcess"/>.</summary>
    None = 1,

    /// <summary>The level or more. Where it cannot be had opening is refused, and where it is lost regions are revoked.</summary>
    Required = 2,
}
