namespace DirectMap;

/// <summary>Whose changes of a file a region's lease is protected from, and how; a greater value is more.</summary>
public enum ProtectionLevel
{
    /// <summary>Nobody's: an ordinary mapping holds no lease.</summary>
    None = 0,

    /// <summary>Those made through this library in this process ask first, and nobody else's are noticed.</summary>
    ThisProcess = 1,

    // 2 is kept for Cooperating: those made through this library in any process ask a service first.

    /// <summary>
    /// As <see cref="ThisProcess"/>, and a change that did not ask is noticed afterwards, whoever made it (<see cref="Trespass"/>).
    /// </summary>
    /// <remarks>Stores through mappings of others are not noticed, and what else the reason says.</remarks>
    Watched = 3,

    /// <summary>Nobody else has the file open for writing or mapped writable, and whoever wants to asks first.</summary>
    NoWriters = 4,

    /// <summary>
    /// Every write, fallocate, truncate, reflink and writable shared mapping of every process asks first, and no writer was there before.
    /// </summary>
    Proved = 5,
}
