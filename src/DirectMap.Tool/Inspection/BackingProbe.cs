namespace DirectMap.Tool.Inspection;

/// <summary>
/// A policy that only looks: the library tells policies what it knows of a file, also of one that the caller may not map.
/// </summary>
internal sealed class BackingProbe : IFaultPolicy
{
    private FileFacts? _seen;

    private BackingProbe()
    {
    }

    internal static FileFacts Of(DirectFile file)
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

    public PolicyDecision EvaluateFile(in FileFacts backing)
    {
        _seen = backing;
        return PolicyDecision.Refuse(RefusalReason.Custom, "only looked at");
    }

    public PolicyDecision EvaluateExtent(in FileFacts backing, in Extent extent, MappingAccess access) =>
        PolicyDecision.Refuse(RefusalReason.Custom, "only looked at");
}
