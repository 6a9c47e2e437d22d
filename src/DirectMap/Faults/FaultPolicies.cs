using DirectMap.Faults;

namespace DirectMap;

/// <summary>The fault policies that come with the library.</summary>
public static class FaultPolicies
{
    /// <summary>
    /// MAP_DIRECT's own: the file must be DAX capable unless the caller accepts emulated persistent memory, its file system must leave blocks where they are, and no access
    /// may make it allocate, convert or copy: no shared extents, and for writing no holes (on tmpfs
    /// for reading neither) and no unwritten, delayed, inline or encoded extents.
    /// </summary>
    public static IFaultPolicy Strict { get; } = new StrictFaultPolicy();
}
