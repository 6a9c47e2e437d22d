namespace DirectMap.Tool.Holders;

/// <summary>A lock on the file, and who has it.</summary>
/// <param name="Lock">The lock.</param>
/// <param name="Holders">The processes that have the description through which it was taken; more than one after a fork.</param>
internal sealed record HeldLock(FileLock Lock, IReadOnlyList<int> Holders)
{
    /// <summary>Whether it is on this file, and not on one of the same numbers in another subvolume or layer.</summary>
    internal required bool IsCertain { get; init; }
}
