namespace DirectMap.Mapping;

/// <content>For tests only: whether all address ranges are given back.</content>
internal sealed unsafe partial class RegionMapping
{
    private static int s_alive;

    /// <summary>How many words are allocated.</summary>
    internal static int Alive => Volatile.Read(ref s_alive);
}
