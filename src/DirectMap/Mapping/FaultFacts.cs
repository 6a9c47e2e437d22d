namespace DirectMap.Mapping;

/// <summary>What becomes of an access to a region that the kernel answers with a signal.</summary>
/// <param name="Reach">How far it reaches.</param>
/// <param name="Containment">What makes an exception of it.</param>
internal readonly record struct FaultFacts(FaultReach Reach, Stated<ContainmentKind> Containment);
