namespace DirectMap.Policies;

/// <summary>The policy of <see cref="FaultPolicies.Permissive"/>.</summary>
internal sealed class PermissiveFaultPolicy : IFaultPolicy
{
    public FaultDecision EvaluateBacking(in BackingInfo backing) => FaultDecision.Allow;

    public FaultDecision EvaluateExtent(in BackingInfo backing, in Extent extent, MappingAccess access) => FaultDecision.Allow;
}
