namespace DirectMap;

/// <summary>Whose operations on the file break a region's lease.</summary>
public enum ProtectionLevel
{
    /// <summary>Nobody's: an ordinary mapping holds no lease.</summary>
    None = 0,

    /// <summary>Those made through this library in this process; nobody else's are noticed.</summary>
    ThisProcess = 1,
}
