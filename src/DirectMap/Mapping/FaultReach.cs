namespace DirectMap;

/// <summary>How far a fault reaches in a mapping whose faults are contained.</summary>
public enum FaultReach
{
    /// <summary>
    /// The region (the default): after one lost page every access throws, with the cause of the first fault where it touched no lost page,
    /// until the pages are restored.
    /// </summary>
    /// <remarks>The bytes of the other pages still reach the file; only accesses are refused.</remarks>
    Region = 0,

    /// <summary>The lost pages: accesses that touch one throw, all others go on.</summary>
    /// <remarks>
    /// While some page is lost, each access of the region looks its pages up, which takes some 50 to 100 ns more. Where the process already
    /// has very many runs of lost pages (an eighth of vm.max_map_count, in all regions together), or the kernel does not let a single page
    /// be replaced, all pages of the region are lost at the next fault.
    /// </remarks>
    Page = 1,
}
