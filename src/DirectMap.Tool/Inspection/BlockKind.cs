namespace DirectMap.Tool.Inspection;

/// <summary>What some bytes of a file are made of, as far as a store to them is concerned.</summary>
internal enum BlockKind
{
    Written = 0,
    Unwritten = 1,
    Hole = 2,
    Shared = 3,
    Delayed = 4,
    Inline = 5,
    Encoded = 6,
    BadBlock = 7,
    Other = 8,
}

internal static class BlockKinds
{
    internal static int Count { get; } = Enum.GetValues<BlockKind>().Length;

    /// <summary>The library's own judgement of the extent, so that the picture and the verdict cannot disagree.</summary>
    internal static BlockKind Of(in FileFacts backing, in Extent extent) =>
        FaultPolicies.FrozenLayout.EvaluateExtent(backing, extent, MappingAccess.ReadWrite).Reason switch
        {
            RefusalReason.None => BlockKind.Written,
            RefusalReason.UnwrittenExtent => BlockKind.Unwritten,
            RefusalReason.Hole => BlockKind.Hole,
            RefusalReason.SharedExtent => BlockKind.Shared,
            RefusalReason.DelayedAllocation => BlockKind.Delayed,
            RefusalReason.InlineData => BlockKind.Inline,
            RefusalReason.EncodedExtent => BlockKind.Encoded,
            RefusalReason.BadBlock => BlockKind.BadBlock,
            _ => BlockKind.Other,
        };
}
