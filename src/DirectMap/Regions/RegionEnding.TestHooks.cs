namespace DirectMap.Regions;

/// <content>For tests only: who waits.</content>
internal sealed partial class RegionEnding
{
    internal int Waiters => _waiters.Count;
}
