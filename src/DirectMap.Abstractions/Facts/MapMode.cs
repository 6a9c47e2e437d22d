namespace DirectMap;

/// <summary>What is asked of a mapping: a lease on the file's layout or none, and persistent memory or none.</summary>
public enum MapMode
{
    /// <summary>A lease, and persistent memory where there is; elsewhere it is emulated through the page cache.</summary>
    DirectOrEmulated = 0,

    /// <summary>MAP_DIRECT: a lease, and persistent memory (DAX).</summary>
    /// <remarks>A file that goes through the page cache is refused (<see cref="RefusalReason.NotDaxCapable"/>).</remarks>
    Direct = 1,

    /// <summary>A lease, and a block map that stays as it is, on persistent memory or not.</summary>
    /// <remarks>
    /// It is for code that wants no surprises from the file system (latency, ENOSPC). A file system that nobody can judge is refused
    /// (<see cref="RefusalReason.BlockMapUnverified"/>).
    /// </remarks>
    FrozenLayout = 2,

    /// <summary>MAP_SHARED: no lease, so nobody asks before changing the file.</summary>
    /// <remarks>By default nothing is refused.</remarks>
    Ordinary = 3,
}
