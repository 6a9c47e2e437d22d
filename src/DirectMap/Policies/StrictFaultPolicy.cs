namespace DirectMap.Policies;

/// <summary>
/// The policy of <see cref="FaultPolicies.Strict"/>, and without the wish for DAX that of <see cref="FaultPolicies.FrozenLayout"/>.
/// </summary>
internal sealed class StrictFaultPolicy(bool wantsDax) : IFaultPolicy
{
    public PolicyDecision EvaluateFile(in FileFacts file)
    {
        if (file.Stability == BlockMapStability.Moves)
        {
            return PolicyDecision.Refuse(
                RefusalReason.BlockMapMoves, $"{file.FileSystem} moves this file's blocks by itself{Remedy(file)}");
        }

        if (file.Access != MappingAccess.Read
            && (file.Attributes & (InodeAttributes.Encrypted | InodeAttributes.Compressed)) != 0)
        {
            return PolicyDecision.Refuse(
                RefusalReason.EncodedExtent, "the file is compressed or encrypted: what lies on the device is not what is mapped");
        }

        if (file.Mode is MapMode.DirectOrEmulated or MapMode.Ordinary)
        {
            return PolicyDecision.Allow;
        }

        if (file.Stability == BlockMapStability.Unverified)
        {
            return PolicyDecision.Refuse(
                RefusalReason.BlockMapUnverified,
                $"nobody can say whether {file.FileSystem} leaves blocks where they are{Remedy(file)}");
        }

        return file.IsDax || file.Mode == MapMode.FrozenLayout || !wantsDax
            ? PolicyDecision.Allow
            : PolicyDecision.Refuse(
                RefusalReason.NotDaxCapable,
                $"the file on {file.FileSystem} goes through the page cache; ask for emulated persistent memory "
                    + "(MapOptions.DirectOrEmulated), or only for a layout that stays as it is (MapOptions.FrozenLayout)");
    }

    public PolicyDecision EvaluateExtent(in FileFacts file, in Extent extent, MappingAccess access)
    {
        ExtentFlags flags = extent.Flags;
        if (flags.HasFlag(ExtentFlags.BadBlock))
        {
            return PolicyDecision.Refuse(RefusalReason.BadBlock, "the medium has lost these bytes");
        }

        if (flags.HasFlag(ExtentFlags.Shared))
        {
            return PolicyDecision.Refuse(
                RefusalReason.SharedExtent,
                "the blocks belong to another file or range too (reflink); DirectFile.Prepare makes copies of its own");
        }

        if (flags.HasFlag(ExtentFlags.Hole) && (access != MappingAccess.Read || file.LoadsAllocate))
        {
            return PolicyDecision.Refuse(
                RefusalReason.Hole,
                $"a {(access == MappingAccess.Read ? "read" : "write")} would allocate blocks; "
                    + "DirectFile.Create makes files without holes, and DirectFile.Prepare fills them");
        }

        if (access == MappingAccess.Read)
        {
            return PolicyDecision.Allow;
        }

        if (flags.HasFlag(ExtentFlags.Unwritten))
        {
            return PolicyDecision.Refuse(
                RefusalReason.UnwrittenExtent,
                "the first write would convert the blocks; DirectFile.Create makes written ones, "
                    + "and DirectFile.Prepare turns these into such");
        }

        if (flags.HasFlag(ExtentFlags.DelayedAllocation))
        {
            return PolicyDecision.Refuse(RefusalReason.DelayedAllocation, "the data has no blocks yet; DirectFile.Flush gives it some");
        }

        if ((flags & (ExtentFlags.DataInline | ExtentFlags.DataTail | ExtentFlags.NotAligned)) != 0)
        {
            return PolicyDecision.Refuse(
                RefusalReason.InlineData, "the data lies within metadata or a shared block; DirectFile.Prepare gives it blocks");
        }

        if ((flags & (ExtentFlags.Encoded | ExtentFlags.DataEncrypted)) != 0)
        {
            return PolicyDecision.Refuse(RefusalReason.EncodedExtent, "the data is compressed or encrypted on the device");
        }

        return (flags & ~ExtentFlags.Merged) == ExtentFlags.None
            ? PolicyDecision.Allow
            : PolicyDecision.Refuse(RefusalReason.UnknownExtent, "the extent's flags are not known to be harmless");
    }

    private static string Remedy(in FileFacts file) => file.Remedy is null ? "" : $": {file.Remedy}";
}
