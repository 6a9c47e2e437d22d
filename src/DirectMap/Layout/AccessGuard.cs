using DirectMap.BlockMaps;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Layout;

/// <summary>
/// Judges the accesses of a region whose policy is evaluated at access. Invariants:
/// <list type="number">
/// <item>A page is remembered as good only together with the generation of the inode's layout that was read before its extents
/// were: an operation changes the layout first and the generation then, so what was seen before a change is never taken for
/// what is there after it.</item>
/// <item>What is remembered lies within the file as it was then. Every operation that changes the length begins a new generation.</item>
/// <item>Blocks are made ready under the right to change the layout, and never where somebody else has a lease on them.</item>
/// <item>Nothing of the mapping is touched here: what may fail is asked of the kernel by calls that return an error number.</item>
/// </list>
/// </summary>
internal sealed class AccessGuard
{
    /// <summary>
    /// How much is judged at once: to ask for extents has the file's dirty pages written, so asking for each page would write each page.
    /// </summary>
    private const long Window = 2 << 20;

    private static readonly BreakOptions s_nonBlocking = new() { WhenUnavailable = WhenUnavailable.Refuse };

    private readonly long _page = Environment.SystemPageSize;
    private readonly JudgedExtents _extents;
    private readonly object _owner;
    private readonly long _unit;
    private readonly RegionFacts _facts;
    private readonly OpenedFile _file;
    private readonly IBlockMap _map;
    private Seen _seen = new(-1, 0);

    /// <param name="extents">What is mapped.</param>
    /// <param name="owner">Whose region it is.</param>
    /// <param name="unit">What a store may make the file system change at once, in bytes; whole pages.</param>
    internal AccessGuard(JudgedExtents extents, object owner, long unit)
    {
        _extents = extents;
        _owner = owner;
        _unit = unit;
        _facts = extents.Facts;
        _file = extents.File;
        _map = extents.Map;
    }

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

        long first = offset / _page;
        long end = Rounding.Count(offset + length, _page);
        Seen seen = SeenNow();
        if (seen.Contains(first, end, writes))
        {
            return;
        }

        FileRange accessed = new(_facts.Range.Offset + offset, length);
        long size = _file.Status.Size;
        if (accessed.End > size)
        {
            throw new MappingFaultException
            {
                Path = _facts.Path,
                Cause = FaultCause.BeyondEndOfFile,
                Access = access,
                Range = accessed,
            };
        }

        FileRange pages = Clip(new FileRange(_facts.Range.Offset + (first * _page), (end - first) * _page), size);
        Judgement judgement = Judge(seen, pages, size, accessed, access, writes);
        if (!judgement.Changes)
        {
            Remember(seen, pages, size, writes);
            return;
        }

        // Shared blocks are copied together with what is around them.
        FileRange ready = judgement.Copies ? Clip(Rounding.Out(pages, _unit), size) : pages;
        if (MakeReady(ready, accessed, access, writes) is { } then)
        {
            Remember(then, pages, size, writes);
        }
    }

    /// <summary>
    /// Judges everything anew from now on: what was lost in between may have been changed from outside, which no generation tells.
    /// </summary>
    internal void Forget() => Volatile.Write(ref _seen, new Seen(-1, 0));

    private static FileRange Clip(FileRange range, long size) => new(range.Offset, Math.Min(range.End, size) - range.Offset);

    private Seen SeenNow()
    {
        long generation = _file.Inode.LayoutGeneration;
        Seen seen = Volatile.Read(ref _seen);
        if (seen.Generation != generation)
        {
            seen = new Seen(generation, (_facts.Range.Length / _page) + 1);
            Volatile.Write(ref _seen, seen);
        }

        return seen;
    }

    /// <summary>
    /// Only pages that the range holds as a whole; or up to the end of the file, where nobody can access what lies behind it.
    /// </summary>
    private void Remember(Seen seen, FileRange range, long size, bool writes)
    {
        FileRange region = _facts.Range;
        long start = Math.Max(range.Offset, region.Offset);
        long end = Math.Min(range.End, size);
        long first = Rounding.Count(start - region.Offset, _page);
        long last = end == size && size >= region.End ? Rounding.Count(end - region.Offset, _page) : (end - region.Offset) / _page;
        seen.Add(first, last, writes);
    }

    /// <summary>
    /// Asks the policy about each extent that is accessed, and, since it costs nothing more, remembers what else is good around it.
    /// </summary>
    private Judgement Judge(Seen seen, FileRange pages, long size, FileRange accessed, FaultAccess access, bool writes)
    {
        MappingAccess mode = writes ? MappingAccess.ReadWrite : MappingAccess.Read;
        bool moves = writes && _facts.BlockMapStability == BlockMapStability.Moves;
        Judgement judgement = new(moves, false);
        long start = Math.Max(Rounding.Down(pages.Offset, Window), _facts.Range.Offset);
        long end = Math.Min(Math.Max(start + Window, pages.End), Math.Min(size, Rounding.WholePages(_facts.Range).End));
        foreach (Extent extent in BlockMaps.ExtentWalk.Of(_map, new FileRange(start, end - start), _facts.Path))
        {
            bool isAccessed = extent.Offset < pages.End && extent.End > pages.Offset;
            PolicyDecision decision = _extents.Evaluate(extent, mode);
            bool isChange = IsChange(extent, writes);
            if (isAccessed)
            {
                if (!decision.IsAllowed)
                {
                    throw new MappingFaultException
                    {
                        Path = _facts.Path,
                        Cause = FaultCause.Refused,
                        Access = access,
                        Range = accessed,
                        Extent = extent,
                        Refusal = decision.Reason,
                        Detail = decision.Detail,
                    };
                }

                judgement = new(judgement.Changes || isChange, judgement.Copies || (isChange && extent.Flags.HasFlag(ExtentFlags.Shared)));
            }

            if (decision.IsAllowed && !isChange && !moves)
            {
                long from = Math.Max(extent.Offset, start);
                Remember(seen, new FileRange(from, Math.Min(extent.End, end) - from), size, writes); // Its neighbours may be worse.
            }
        }

        return judgement;
    }

    private bool IsChange(in Extent extent, bool writes) => writes
        ? FaultPolicies.FrozenLayout.EvaluateExtent(_facts.Storage.File, extent, MappingAccess.ReadWrite).Reason
            is not (RefusalReason.None or RefusalReason.BadBlock)
        : _facts.Storage.File.LoadsAllocate && extent.Flags.HasFlag(ExtentFlags.Hole);

    /// <returns>Where to remember that the blocks stay as they are from now on; null where the file system moves them
    /// at each store anyway.</returns>
    private Seen? MakeReady(FileRange range, FileRange accessed, FaultAccess access, bool writes)
    {
        using ILayoutRight right = Break(range, accessed, access);
        Seen seen = SeenNow(); // Under the right: nobody makes a change that this generation does not know.
        Preparation preparation = new(_file, _map, _facts.Storage.File, _unit);
        bool isReady = false;
        try
        {
            bool staysReady = !writes || _facts.BlockMapStability != BlockMapStability.Moves;
            if (writes && staysReady)
            {
                preparation.Run(range, null, CancellationToken.None);
            }
            else
            {
                preparation.Touch(range, writes ? MappingAccess.ReadWrite : MappingAccess.Read);
            }

            isReady = true;
            return staysReady ? seen : null;
        }
        catch (MapRefusedException)
        {
            return null; // Encoded, and the like: no store leaves it in place, and the policy allows that.
        }
        catch (Exception exception) when (exception is IOException or ArgumentException)
        {
            FaultCause cause = exception.HResult is Errno.ENOSPC or Errno.EDQUOT ? FaultCause.NoSpace : FaultCause.Unknown;
            throw new MappingFaultException(exception)
            {
                Path = _facts.Path,
                Cause = cause,
                Access = access,
                Range = accessed,
                Detail = exception.Message,
            };
        }
        finally
        {
            if (!isReady)
            {
                // Some of it may have been done, and may have made the neighbours worse. What was done in full makes nothing worse.
                _file.Inode.LayoutChanged();
            }
        }
    }

    private ILayoutRight Break(FileRange range, FileRange accessed, FaultAccess access)
    {
        try
        {
            return _file.Inode.Arbiter.Break(new BreakRequest
            {
                File = _file.Inode.Id,
                Owner = _owner,
                Operation = LayoutOperation.WriteFault,
                Range = range,
                Breaker = $"{_owner} (store through a mapping)",
                Options = s_nonBlocking,
            });
        }
        catch (LeaseConflictException conflict)
        {
            IEnumerable<string> holders = _file.Inode.Arbiter.OtherHolders(_owner);
            throw new MappingFaultException(conflict)
            {
                Path = _facts.Path,
                Cause = FaultCause.LayoutLeased,
                Access = access,
                Range = accessed,
                Break = conflict.Break,
                Detail = $"held by {string.Join(", ", holders)}; {conflict.Message}",
            };
        }
    }

    /// <param name="Changes">Whether the access, which is allowed, would make the file system allocate, convert or copy.</param>
    /// <param name="Copies">Whether it would copy.</param>
    private readonly record struct Judgement(bool Changes, bool Copies);

    /// <summary>What was found good in one generation of the layout.</summary>
    private sealed class Seen(long generation, long pages)
    {
        private readonly PageSet _readable = new(pages);
        private readonly PageSet _writable = new(pages);

        internal long Generation { get; } = generation;

        internal bool Contains(long first, long end, bool writes) => (writes ? _writable : _readable).Contains(first, end);

        internal void Add(long first, long end, bool writes)
        {
            _readable.Add(first, end);
            if (writes)
            {
                _writable.Add(first, end);
            }
        }
    }
}
