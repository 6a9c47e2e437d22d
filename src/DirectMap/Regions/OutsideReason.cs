namespace DirectMap.Regions;

/// <summary>Why a mapping was revoked though nobody broke its lease.</summary>
/// <param name="Cause">What its accesses fail with.</param>
/// <param name="Trespass">The change of the file that led to it; null for none.</param>
/// <param name="Detail">More of it, in words; null for nothing.</param>
internal sealed record OutsideReason(FaultCause Cause, Trespass? Trespass, string? Detail);
