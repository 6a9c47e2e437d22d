namespace DirectMap;

/// <summary>What is asked of a mapping: a lease on the file's layout or none, and persistent memory or none.</summary>
public enum MapMode
{
    /// <summary>
    /// MAP_DIRECT: a lease, and persistent memory (DAX). A file that goes through the page cache is refused
    /// (<see cref="RefusalReason.NotDaxCapable"/>).
    /// </summary>
    Direct = 0,

    /// <summary>A lease; persistent memory where there is, and emulated through the page cache elsewhere.</summary>
    DirectOrEmulated = 1,

    /// <summary>
    /// A lease, and a block map that stays as it is, on persistent memory or not: for code that wants no surprises from the file system
    /// (latency, ENOSPC). A file system that nobody can judge is refused (<see cref="RefusalReason.BlockMapUnverified"/>).
    /// </summary>
    FrozenLayout = 2,

    /// <summary>MAP_SHARED: no lease, so nobody asks before changing the file. By default nothing is refused.</summary>
    Ordinary = 3,
}
