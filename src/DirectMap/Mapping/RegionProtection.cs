namespace DirectMap;

/// <summary>Whose operations on the file break a region's lease.</summary>
public enum ProtectionLevel
{
    /// <summary>Nobody's: an ordinary mapping holds no lease.</summary>
    None = 0,

    /// <summary>Those made through this library in this process; nobody else's are noticed.</summary>
    ThisProcess = 1,
}

/// <summary>What a region's file is protected from, and why not from more.</summary>
/// <param name="Scope">Whose operations break the lease.</param>
/// <param name="Reason">Why it is not more, in words.</param>
public readonly record struct RegionProtection(ProtectionLevel Scope, string Reason);
