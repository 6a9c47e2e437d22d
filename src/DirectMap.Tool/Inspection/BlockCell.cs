namespace DirectMap.Tool.Inspection;

/// <summary>A part of a file in the picture of its blocks.</summary>
/// <param name="Kind">What most of it is made of.</param>
/// <param name="Other">What most of the rest is made of; null where there is no rest.</param>
/// <param name="FragmentStarts">How many fragments begin in it.</param>
/// <param name="IsAlternate">Whether its first fragment is the second, fourth, ... of the file: neighbours differ.</param>
internal readonly record struct BlockCell(BlockKind Kind, BlockKind? Other, int FragmentStarts, bool IsAlternate)
{
    /// <summary>Whether a whole fragment, or more, lies within it.</summary>
    internal bool IsFragmented => FragmentStarts > 1;
}
