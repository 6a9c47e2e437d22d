namespace DirectMap.Breakers;

/// <content>For tests only.</content>
internal sealed partial class HoldingEngine
{
    /// <summary>The groups that there are.</summary>
    internal IEnumerable<HoldingGroup> MadeGroups() => _groups.OfType<HoldingGroup>();
}
