namespace DirectMap.Policies;

/// <summary>The policy of <see cref="FaultPolicies.All"/>.</summary>
internal sealed class AllOfFaultPolicies(IFaultPolicy[] policies) : IFaultPolicy
{
    /// <summary>The same exceptions from each of them: the first one that refuses hides what the others would say.</summary>
    internal AllOfFaultPolicies Except(RefusalReason[] reasons) =>
        new([.. policies.Select(policy => FaultPolicies.Except(policy, reasons))]);

    public PolicyDecision EvaluateFile(in FileFacts file)
    {
        foreach (IFaultPolicy policy in policies)
        {
            PolicyDecision decision = policy.EvaluateFile(file);
            if (!decision.IsAllowed)
            {
                return decision;
            }
        }

        return PolicyDecision.Allow;
    }

    public PolicyDecision EvaluateExtent(in FileFacts file, in Extent extent, MappingAccess access)
    {
        foreach (IFaultPolicy policy in policies)
        {
            PolicyDecision decision = policy.EvaluateExtent(file, extent, access);
            if (!decision.IsAllowed)
            {
                return decision;
            }
        }

        return PolicyDecision.Allow;
    }
}
