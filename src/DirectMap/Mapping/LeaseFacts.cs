namespace DirectMap.Mapping;

/// <summary>What a region was mapped under.</summary>
/// <param name="Mode">What was asked for.</param>
/// <param name="IsWaived">Whether it holds that though its file is somebody else's.</param>
/// <param name="DrainTime">How long open scopes are waited for where nobody says.</param>
/// <param name="Guard">What its file is to be protected from.</param>
internal readonly record struct LeaseFacts(MapMode Mode, bool IsWaived, TimeSpan DrainTime, GuardOptions Guard)
{
    /// <summary>Whether it holds a lease.</summary>
    internal bool IsDirect => Mode != MapMode.Ordinary;
}
