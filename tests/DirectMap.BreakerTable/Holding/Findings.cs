namespace DirectMap.BreakerTable.Holding;

/// <summary>What was found of one row.</summary>
/// <param name="Cells">As Columns has them; null where this machine cannot make it.</param>
/// <param name="Lacks">Why it cannot.</param>
/// <param name="Delay">How long after the operation it was told, or after its begin where it waits; null where it was not told.</param>
/// <param name="IsTrespass">Whether it was told as a trespass.</param>
internal sealed record Findings(string[]? Cells, string? Lacks = null, TimeSpan? Delay = null, bool IsTrespass = false);
