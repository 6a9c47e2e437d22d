namespace DirectMap.Policies;

/// <summary>The policy of <see cref="FaultPolicies.Permissive"/>.</summary>
internal sealed class PermissiveFaultPolicy : IFaultPolicy
{
    public PolicyDecision EvaluateFile(in FileFacts file) => PolicyDecision.Allow;

    public PolicyDecision EvaluateExtent(in FileFacts file, in Extent extent, MappingAccess access) => PolicyDecision.Allow;
}
