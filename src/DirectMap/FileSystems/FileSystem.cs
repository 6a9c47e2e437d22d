using DirectMap.Linux;

namespace DirectMap.FileSystems;

/// <summary>A kind of file system, and what it means for a file on it.</summary>
/// <param name="Name">As in /proc/filesystems.</param>
/// <param name="Stability">Whether it leaves written blocks where they are.</param>
/// <param name="IsVolatile">Whether its files live in memory only.</param>
/// <param name="ReadersMayGoStale">Whether a read-only descriptor may show a file that later writers no longer write: overlayfs copies a
/// lower layer's file up for the first of them.</param>
/// <param name="NeverShares">Whether no two files can share blocks here, so that a copy leaves its source alone.</param>
/// <param name="IsNoCopyOnWrite">Whether it would move blocks, but not this file's (FS_NOCOW_FL).</param>
/// <param name="Remedy">What to do about blocks that move, or a file system that cannot be judged.</param>
/// <param name="BlockSize">Size of a block in bytes; 0 where it was not asked for.</param>
/// <param name="LayoutUnit">What a store to a single byte may make it change at once, in bytes: a block, or on XFS with reflink the window
/// in which it reserves copies of shared blocks.</param>
/// <param name="CopiesAhead">Whether a store to a shared block may have reserved copies of its neighbours, too; in a window of whatever
/// size there was then.</param>
/// <param name="HasHugePages">Whether its files are mapped in pages of its own size, no part of which can be replaced.</param>
internal readonly record struct FileSystem(
    string Name, BlockMapStability Stability, bool IsVolatile = false, bool ReadersMayGoStale = false, bool NeverShares = false,
    bool IsNoCopyOnWrite = false,
    string? Remedy = null, long BlockSize = 0, long LayoutUnit = 0, bool CopiesAhead = false, bool HasHugePages = false)
{
    /// <summary>The layout unit, in whole pages.</summary>
    internal long LayoutUnitInPages => Rounding.PageUp(Math.Max(1, LayoutUnit));
}
