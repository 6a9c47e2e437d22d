namespace DirectMap.BreakerTable.Holding;

/// <summary>On what terms a file is held.</summary>
/// <param name="Factory">Its coordinator has the break time.</param>
/// <param name="Guard">The level, and what becomes of a trespass.</param>
/// <param name="Mode">Of the lease.</param>
internal sealed record Terms(DirectFileFactory Factory, GuardOptions Guard, LeaseMode Mode = LeaseMode.Shared);
