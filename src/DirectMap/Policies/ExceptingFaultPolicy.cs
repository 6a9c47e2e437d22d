namespace DirectMap.Policies;

/// <summary>
/// The policy of <see cref="FaultPolicies.Except"/>. A policy names one flaw, and there may be more: so it is asked again about the same
/// file or extent without the flaw that is excepted.
/// </summary>
internal sealed class ExceptingFaultPolicy(IFaultPolicy policy, RefusalReason[] reasons) : IFaultPolicy
{
    public PolicyDecision EvaluateFile(in FileFacts file)
    {
        FileFacts rest = file;
        while (true)
        {
            PolicyDecision decision = policy.EvaluateFile(rest);
            FileFacts without = reasons.Contains(decision.Reason) ? Without(decision.Reason, rest) : rest;
            if (without == rest)
            {
                return reasons.Contains(decision.Reason) ? PolicyDecision.Allow : decision;
            }

            rest = without;
        }
    }

    public PolicyDecision EvaluateExtent(in FileFacts file, in Extent extent, MappingAccess access)
    {
        Extent rest = extent;
        while (true)
        {
            PolicyDecision decision = policy.EvaluateExtent(file, rest, access);
            Extent without = reasons.Contains(decision.Reason) ? rest with { Flags = rest.Flags & ~FlagsOf(decision.Reason) } : rest;
            if (without == rest)
            {
                return reasons.Contains(decision.Reason) ? PolicyDecision.Allow : decision;
            }

            rest = without;
        }
    }

    private static FileFacts Without(RefusalReason flaw, FileFacts file) => flaw switch
    {
        RefusalReason.BlockMapMoves or RefusalReason.BlockMapUnverified => file with { Stability = BlockMapStability.Stable },
        RefusalReason.NotDaxCapable => file with { IsDax = true },
        RefusalReason.EncodedExtent =>
            file with { Attributes = file.Attributes & ~(InodeAttributes.Compressed | InodeAttributes.Encrypted) },
        _ => file,
    };

    private static ExtentFlags FlagsOf(RefusalReason flaw) => flaw switch
    {
        RefusalReason.Hole => ExtentFlags.Hole,
        RefusalReason.UnwrittenExtent => ExtentFlags.Unwritten,
        RefusalReason.SharedExtent => ExtentFlags.Shared,
        // The kernel sets both: what has no block yet is at no known place.
        RefusalReason.DelayedAllocation => ExtentFlags.DelayedAllocation | ExtentFlags.Unknown,
        RefusalReason.InlineData => ExtentFlags.DataInline | ExtentFlags.DataTail | ExtentFlags.NotAligned,
        RefusalReason.EncodedExtent => ExtentFlags.Encoded | ExtentFlags.DataEncrypted,
        RefusalReason.BadBlock => ExtentFlags.BadBlock,
        _ => ExtentFlags.None,
    };
}
