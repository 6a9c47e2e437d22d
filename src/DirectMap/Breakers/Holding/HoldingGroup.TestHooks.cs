namespace DirectMap.Breakers;

/// <content>For tests only.</content>
internal sealed partial class HoldingGroup
{
    /// <summary>Its thread fails at the next event.</summary>
    internal void Fail() => _isToFail = true;
}
