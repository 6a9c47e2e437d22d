namespace DirectMap.Policies;

/// <summary>The policy of <see cref="FaultPolicies.Permissive"/>.</summary>
internal sealed class PermissiveFaultPolicy : IFaultPolicy
{
    public PolicyDecision EvaluateFile(in FileFacts backing) => PolicyDecision.Allow;

    public PolicyDecision EvaluateExtent(in FileFacts backing, in Extent extent, MappingAccess access) => PolicyDecision.Allow;
}
