namespace DirectMap.Tool.Inspection;

/// <summary>
/// A policy that only looks: the library tells policies what it knows of a file, also of one that the caller may not map.
/// </summary>
internal sealed class BackingProbe : IFaultPolicy
{
    private BackingInfo? _seen;

    private BackingProbe()
    {
    }

    internal static BackingInfo Of(DirectFile file)
    {
        BackingProbe probe = new();
        try
        {
            file.Map(MapOptions.Ordinary with { Access = MappingAccess.Read, FaultPolicy = probe }).Dispose();
        }
        catch (MapRefusedException refused) when (refused.Reason == RefusalReason.Custom)
        {
            // As it was told to.
        }

        return probe._seen ?? throw new InvalidOperationException("The policy was not asked.");
    }

    public FaultDecision EvaluateBacking(in BackingInfo backing)
    {
        _seen = backing;
        return FaultDecision.Refuse(RefusalReason.Custom, "only looked at");
    }

    public FaultDecision EvaluateExtent(in BackingInfo backing, in Extent extent, MappingAccess access) =>
        FaultDecision.Refuse(RefusalReason.Custom, "only looked at");
}
