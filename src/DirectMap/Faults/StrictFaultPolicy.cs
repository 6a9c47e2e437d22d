namespace DirectMap.Faults;

/// <summary>The policy of <see cref="FaultPolicies.Strict"/>.</summary>
internal sealed class StrictFaultPolicy : IFaultPolicy
{
    public FaultDecision EvaluateBacking(in BackingInfo backing)
    {
        if (backing.Stability == BlockMapStability.Moves)
        {
            return FaultDecision.Refuse(RefusalReason.BlockMapMoves, $"{backing.FileSystem} moves blocks by itself; put the file on ext4, XFS or tmpfs");
        }

        if (backing.EmulationAllowed)
        {
            return FaultDecision.Allow;
        }

        if (backing.Stability == BlockMapStability.Unverified)
        {
            return FaultDecision.Refuse(RefusalReason.BlockMapUnverified, $"nobody can say whether {backing.FileSystem} leaves blocks where they are; ask for emulated persistent memory (MapOptions.DirectOrEmulated)");
        }

        return backing.IsDax
            ? FaultDecision.Allow
            : FaultDecision.Refuse(RefusalReason.NotDaxCapable, $"the file on {backing.FileSystem} goes through the page cache; ask for emulated persistent memory (MapOptions.DirectOrEmulated)");
    }

    public FaultDecision EvaluateExtent(in BackingInfo backing, in Extent extent, MappingAccess access)
    {
        ExtentFlags flags = extent.Flags;
        if (flags.HasFlag(ExtentFlags.Shared))
        {
            return FaultDecision.Refuse(RefusalReason.SharedExtent, "the blocks belong to another file or range too (reflink)");
        }

        if (flags.HasFlag(ExtentFlags.Hole) && (access != MappingAccess.Read || backing.LoadsAllocate))
        {
            return FaultDecision.Refuse(RefusalReason.Hole, $"a {(access == MappingAccess.Read ? "read" : "write")} would allocate blocks; DirectFile.Create makes files without holes, and DirectFile.Write of zeros fills them");
        }

        if (access == MappingAccess.Read)
        {
            return FaultDecision.Allow;
        }

        if (flags.HasFlag(ExtentFlags.Unwritten))
        {
            return FaultDecision.Refuse(RefusalReason.UnwrittenExtent, "the first write would convert the blocks; DirectFile.Create makes written ones, and DirectFile.Write of zeros turns these into such");
        }

        if (flags.HasFlag(ExtentFlags.DelayedAllocation))
        {
            return FaultDecision.Refuse(RefusalReason.DelayedAllocation, "the data has no blocks yet");
        }

        if ((flags & (ExtentFlags.DataInline | ExtentFlags.DataTail | ExtentFlags.NotAligned)) != 0)
        {
            return FaultDecision.Refuse(RefusalReason.InlineData, "the data lies within metadata or a shared block");
        }

        if ((flags & (ExtentFlags.Encoded | ExtentFlags.DataEncrypted)) != 0)
        {
            return FaultDecision.Refuse(RefusalReason.EncodedExtent, "the data is compressed or encrypted on the device");
        }

        return (flags & ~ExtentFlags.Merged) == ExtentFlags.None
            ? FaultDecision.Allow
            : FaultDecision.Refuse(RefusalReason.UnknownExtent, "the extent's flags are not known to be harmless");
    }
}
