namespace DirectMap.BreakerTable.Holding;

/// <summary>What a holder was told: a break before the operation, or a trespass after it.</summary>
/// <param name="Break">The break, or null.</param>
/// <param name="Trespass">The trespass, or null.</param>
/// <param name="Timestamp">When.</param>
internal sealed record Told(LeaseBreak? Break, Trespass? Trespass, long Timestamp);
