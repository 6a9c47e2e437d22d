using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;

namespace DirectMap;

/// <summary>
/// Judges the accesses of a region whose policy is evaluated at access. Invariants:
/// <list type="number">
/// <item>A page is remembered as good only together with the generation of the inode's layout that was read before its extents were: an operation changes the layout first and the generation
/// then, so what was seen before a change is never taken for what is there after it.</item>
/// <item>Blocks are made ready under the right to change the layout, and never where somebody else has a lease on them.</item>
/// <item>Nothing of the mapping is touched here: what may fail is asked of the kernel by calls that return an error number.</item>
/// </list>
/// </summary>
internal sealed class AccessGuard(RegionFacts facts, Inode inode, SafeFileHandle file, object owner, string description, IFaultPolicy policy, IBlockMap map, BackingInfo backing)
{
    private static readonly BreakOptions s_nonBlocking = new() { NonBlocking = true };

    private Seen _seen = new(-1, 0);

    /// <summary>Throws where an access is refused. The bytes lie within the region.</summary>
    /// <param name="offset">First byte, from the region's beginning.</param>
    /// <param name="length">Length in bytes.</param>
    /// <param name="access">For the message.</param>
    /// <param name="writes">Whether it may store.</param>
    internal void Check(long offset, long length, FaultAccess access, bool writes)
    {
        if (length == 0)
        {
            return;
        }

        long page = Environment.SystemPageSize;
        long first = offset / page;
        long end = (offset + length + page - 1) / page;
        Seen seen = SeenNow();
        if ((writes ? seen.Writable : seen.Readable).Contains(first, end))
        {
            return;
        }

        FileRange accessed = new(facts.Range.Offset + offset, length);
        long size = Statx.Of(file, facts.Path).Size;
        if (accessed.End > size)
        {
            throw new MappingFaultException(facts.Path, FaultCause.BeyondEndOfFile, access, accessed);
        }

        FileRange range = new(facts.Range.Offset + (first * page), Math.Min((end - first) * page, size - facts.Range.Offset - (first * page)));
        if (!ChangesBlockMap(range, accessed, access, writes))
        {
            seen.Add(first, end, writes);
        }
        else
        {
            MakeReady(range, accessed, access)?.Add(first, end, writes);
        }
    }

    private Seen SeenNow()
    {
        long generation = inode.LayoutGeneration;
        Seen seen = Volatile.Read(ref _seen);
        if (seen.Generation != generation)
        {
            seen = new Seen(generation, (facts.Range.Length / Environment.SystemPageSize) + 1);
            Volatile.Write(ref _seen, seen);
        }

        return seen;
    }

    /// <summary>Asks the policy about each extent.</summary>
    /// <returns>Whether what it allows would make the file system allocate, convert or copy.</returns>
    private bool ChangesBlockMap(FileRange range, FileRange accessed, FaultAccess access, bool writes)
    {
        MappingAccess mode = writes ? MappingAccess.ReadWrite : MappingAccess.Read;
        bool changes = writes && backing.Stability == BlockMapStability.Moves;
        foreach (Extent extent in BlockMaps.Extents.Of(map, range, facts.Path))
        {
            FaultDecision decision = policy.EvaluateExtent(backing, extent, mode);
            if (!decision.IsAllowed)
            {
                throw new MappingFaultException(facts.Path, FaultCause.Refused, access, accessed, extent: extent, refusal: decision.Reason, detail: decision.Detail);
            }

            changes |= IsChange(extent, writes);
        }

        return changes;
    }

    private bool IsChange(in Extent extent, bool writes) => writes
        ? FaultPolicies.FrozenLayout.EvaluateExtent(backing, extent, MappingAccess.ReadWrite).Reason is not (RefusalReason.None or RefusalReason.BadBlock)
        : backing.LoadsAllocate && extent.Flags.HasFlag(ExtentFlags.Hole);

    /// <returns>Where to remember that the blocks stay as they are from now on; null where the file system moves them at each store anyway.</returns>
    private Seen? MakeReady(FileRange range, FileRange accessed, FaultAccess access)
    {
        ILayoutBreak right;
        try
        {
            right = inode.Coordinator.Break(new BreakRequest
            {
                File = inode.Id,
                Owner = owner,
                Operation = LayoutOperation.WriteFault,
                Range = range,
                Breaker = $"{description} (store through a mapping)",
                Options = s_nonBlocking,
            });
        }
        catch (LeaseConflictException conflict)
        {
            throw new MappingFaultException(facts.Path, FaultCause.LayoutLeased, access, accessed, conflict.Break, detail: conflict.Message, innerException: conflict);
        }

        using (right)
        {
            if (backing.Stability == BlockMapStability.Moves)
            {
                return null;
            }

            Seen seen = SeenNow(); // Under the right: nobody makes a change that this generation does not know.
            try
            {
                new Preparation(inode, file, facts.Path, map, backing).Run(range, null, CancellationToken.None);
                return seen;
            }
            catch (MapRefusedException)
            {
                return null; // Encoded, and the like: no store leaves it in place, and the policy allows that.
            }
            catch (IOException exception) when (exception.HResult is Errno.ENOSPC or Errno.EDQUOT)
            {
                throw new MappingFaultException(facts.Path, FaultCause.NoSpace, access, accessed, innerException: exception);
            }
        }
    }

    /// <summary>What was found good in one generation of the layout.</summary>
    private sealed class Seen(long generation, long pages)
    {
        internal long Generation { get; } = generation;

        internal PageSet Readable { get; } = new(pages);

        internal PageSet Writable { get; } = new(pages);

        internal void Add(long first, long end, bool writes)
        {
            Readable.Add(first, end);
            if (writes)
            {
                Writable.Add(first, end);
            }
        }
    }
}
