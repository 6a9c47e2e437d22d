namespace DirectMap;

/// <summary>Operations that may change a file's layout (block map or size) or its contents behind a mapping, and so break layout leases.</summary>
public enum LayoutOperation
{
    /// <summary>write(2) and its relatives.</summary>
    Write = 0,

    /// <summary>fallocate(2) without mode: allocates blocks, may grow the file.</summary>
    Allocate = 1,

    /// <summary>fallocate(2) with FALLOC_FL_PUNCH_HOLE: gives blocks back.</summary>
    PunchHole = 2,

    /// <summary>ftruncate(2), in either direction.</summary>
    SetLength = 3,
}
