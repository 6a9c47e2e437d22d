namespace DirectMap.Layout;

/// <summary>Who judges the extents of a file that is mapped.</summary>
/// <param name="Policy">What a mapping may do, where it does not bring a policy of its own.</param>
/// <param name="BlockMap">Where the extents come from; null for the file system, or for what the portable backing emulates.</param>
internal readonly record struct ExtentJudge(IFaultPolicy Policy, IBlockMap? BlockMap);
