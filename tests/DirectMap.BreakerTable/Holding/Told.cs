namespace DirectMap.BreakerTable.Holding;

/// <param name="Trespass">What was told.</param>
/// <param name="Timestamp">When.</param>
internal sealed record Told(Trespass Trespass, long Timestamp);
