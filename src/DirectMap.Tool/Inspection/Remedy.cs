using DirectMap.Tool.Terminal;

namespace DirectMap.Tool.Inspection;

/// <summary>What to type so that a file can be mapped.</summary>
internal static class Remedy
{
    /// <param name="reason">Why it cannot be mapped.</param>
    /// <param name="path">Its name, as it was given.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="backing">What is known of it.</param>
    /// <param name="blocks">Its block map.</param>
    /// <returns>The command; null where none helps.</returns>
    internal static string? For(RefusalReason reason, string path, long length, in FileFacts backing, Func<BlockSummary> blocks)
    {
        string? command = For(reason, path, length, backing);
        if (command is null || DiskSpace.Of(path) is not { } space)
        {
            return command;
        }

        bool isSpecial = backing.Stability == BlockMapStability.Unverified && space.Total == 0; // As /proc and /sys are.
        return isSpecial || space.Free < NeededFor(reason, length, blocks()) ? null : command;
    }

    /// <summary>A copy needs it all; else holes get blocks, and shared ones are copied.</summary>
    private static long NeededFor(RefusalReason reason, long length, BlockSummary blocks) =>
        reason == RefusalReason.BlockMapMoves ? length : blocks.BytesOf(BlockKind.Hole) + blocks.BytesOf(BlockKind.Shared);

    private static string? For(RefusalReason reason, string path, long length, in FileFacts backing)
    {
        string file = ShellWord.Of(path);
        string prepare = $"directmap prepare {file}";
        return reason switch
        {
            RefusalReason.Hole or RefusalReason.UnwrittenExtent or RefusalReason.SharedExtent or RefusalReason.InlineData
                or RefusalReason.DelayedAllocation => prepare,

            // It is empty: what is mapped ends where the file does.
            RefusalReason.BeyondEndOfFile => $"truncate -s {WholePages(length)} {file} && {prepare}",
            RefusalReason.BlockMapMoves when backing.FileSystem == "btrfs" && length > 0 => InPlaceCopy(path, file, length),
            _ => null,
        };
    }

    /// <returns>The command that takes away what keeps the file from being written; null where none does.</returns>
    internal static string? ForAttributes(string path, in FileFacts backing)
    {
        InodeAttributes attributes = backing.Attributes;
        string flags = $"{(attributes.HasFlag(InodeAttributes.Immutable) ? "i" : "")}"
            + $"{(attributes.HasFlag(InodeAttributes.AppendOnly) ? "a" : "")}";
        return flags.Length == 0 || attributes.HasFlag(InodeAttributes.Verity) ? null : $"chattr -{flags} {ShellWord.Of(path)}";
    }

    /// <summary>A file that was made with the NOCOW attribute, and is written without being truncated or cloned.</summary>
    private static string InPlaceCopy(string path, string file, long length)
    {
        string copy = ShellWord.Of(path + ".direct");
        return $"directmap create {copy} --length {length} && dd if={file} of={copy} bs=1M conv=notrunc,fsync";
    }

    private static long WholePages(long length)
    {
        long page = Environment.SystemPageSize;
        return Math.Max(1, (length / page) + (length % page == 0 ? 0 : 1)) * page;
    }
}
