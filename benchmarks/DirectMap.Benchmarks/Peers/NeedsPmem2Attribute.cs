namespace DirectMap.Benchmarks.Peers;

/// <summary>
/// On a benchmark that is left out where libpmem2 is not installed; the program says so. Not a category: the benchmarks that it is compared
/// with need the same ones.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsPmem2Attribute : Attribute;
