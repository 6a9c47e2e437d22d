using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;

namespace DirectMap.Faults;

/// <summary>
/// Asks the kernel for pages that a mapping has lost, through another mapping of the same bytes: what may take long, and fail, is done
/// there, with an error number and beside those who use the region. What it gave is in the page cache, and for a writable region has its
/// blocks, when the pages are mapped again.
/// </summary>
internal sealed class LostPageProbe(RegionFacts facts, InodeReference inode)
{
    /// <summary>Between two pieces the caller may stop.</summary>
    private const long PieceSize = 2 << 20;

    private readonly long _page = Environment.SystemPageSize;
    private readonly List<long> _good = [];

    /// <summary>The pages that the kernel gave: first page and end of each run, in order.</summary>
    /// <param name="runs">What to ask for.</param>
    /// <param name="throwIfGone">Is called between pieces.</param>
    internal long[] Ask(IEnumerable<LostPages.Run> runs, Action throwIfGone)
    {
        foreach (LostPages.Run run in runs)
        {
            for (long first = run.First, end; first < run.End; first = end)
            {
                throwIfGone();
                end = Math.Min(first + (PieceSize / _page), run.End);
                AskPiece(first, end);
            }
        }

        return [.. _good];
    }

    private void AskPiece(long first, long end)
    {
        if (inode.File.TryGetLength(out long size) != 0)
        {
            return;
        }

        long start = facts.Range.Offset + (first * _page);
        FileRange bytes = new(start, Math.Max(0, Math.Min(facts.Range.Offset + (end * _page), size) - start));
        if (bytes.Length == 0)
        {
            return;
        }

        try
        {
            using MappedView view = inode.File.MapView(bytes, facts.Access, wantsSync: false);
            AskRun(view, first, first, first + Rounding.Count(bytes.Length, _page));
        }
        catch (MapRefusedException refusal) when (refusal.Reason == RefusalReason.BeyondEndOfFile)
        {
            // Truncated just then: the pages stay lost.
        }
    }

    private void AskRun(MappedView view, long origin, long first, long end)
    {
        // In bounds: whole pages of the piece, which are mapped. EINVAL: a kernel before 5.14 cannot be asked; then the next access tells.
        bool writing = facts.Access == MappingAccess.ReadWrite;
        int errno = inode.File.TryPopulate(view, (first - origin) * _page, (end - first) * _page, writing);
        if (errno is 0 or Errno.EINVAL)
        {
            Add(first, end);
        }
        else if (end - first > 1)
        {
            long middle = first + ((end - first) / 2);
            AskRun(view, origin, first, middle);
            AskRun(view, origin, middle, end);
        }
    }

    private void Add(long first, long end)
    {
        if (_good.Count > 0 && _good[^1] == first)
        {
            _good[^1] = end;
            return;
        }

        _good.Add(first);
        _good.Add(end);
    }
}
