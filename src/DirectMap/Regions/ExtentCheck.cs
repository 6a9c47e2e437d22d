using DirectMap.BlockMaps;
using DirectMap.Breakers;
using DirectMap.FileSystems;
using DirectMap.Layout;
using DirectMap.Linux;

namespace DirectMap.Regions;

/// <summary>Judges all extents of what is mapped, under the lease: when it is mapped, and again where lost pages come back.</summary>
internal static class ExtentCheck
{
    /// <param name="extents">What is mapped.</param>
    /// <param name="range">Which bytes of it.</param>
    /// <param name="size">The file's length.</param>
    /// <returns>What was seen, as the file itself has it; nothing with a block map of the user's.</returns>
    /// <exception cref="MapRefusedException">The policy refuses an extent.</exception>
    internal static CopyReservations.Tally? Run(JudgedExtents extents, FileRange range, long size) => Run(extents, range, size, out _);

    /// <inheritdoc cref="Run(JudgedExtents, FileRange, long)"/>
    /// <param name="layout">Where the blocks lie, for comparing; null where that does not stay, or is a block map of the user's.</param>
    internal static CopyReservations.Tally? Run(JudgedExtents extents, FileRange range, long size, out SeenLayout? layout)
    {
        long moves = extents.File.Inode.Moves; // Before the look: what is moved meanwhile counts as later.

        // A store touches its whole page, so what lies between the range's end and the page's must be as good; beyond the end of the
        // file it is nobody's.
        FileRange looked = new(range.Offset, Math.Min(Rounding.WholePages(range).End, size) - range.Offset);
        CopyReservations.Tally seen = new(looked);
        SeenLayout.Builder print = new(range);
        foreach (Extent extent in ExtentWalk.Of(extents.Map, looked, extents.Facts.Path))
        {
            ThrowIfRefused(extents, extents.Evaluate(extent, extents.Facts.Access), range, extent);
            seen = seen.With(extent);
            print.Add(extent);
        }

        layout = extents.AreOfFile && extents.Facts.BlockMapStability == BlockMapStability.Stable ? print.Build(moves) : null;
        return extents.AreOfFile ? seen : null;
    }

    /// <summary>A store to one block may move another one, where XFS has reserved a copy of it.</summary>
    /// <param name="extents">What is mapped.</param>
    /// <param name="seen">What was seen of it already.</param>
    /// <param name="onlyLook">Whether the reservations stay as they are.</param>
    /// <exception cref="MapRefusedException">There may be some that stay, and the policy refuses what moves.</exception>
    internal static void ThrowIfCopiesAhead(JudgedExtents extents, CopyReservations.Tally? seen, bool onlyLook)
    {
        (string path, FileRange range) = (extents.Facts.Path, extents.Facts.Range);
        using IDisposable? change = extents.File.Inode.Arbiter.PartyOf<FileWitness>()?.BeginChange();
        if (CopyReservations.TryGiveBack(
            extents.File.Handle, path, seen ?? CopyReservations.Count(extents.File.Handle, path, range), onlyLook))
        {
            return;
        }

        Extent hidden = new(range.Offset, range.Length, -1, ExtentFlags.Shared);
        PolicyDecision decision = extents.Evaluate(hidden, extents.Facts.Access);
        ThrowIfRefused(
            extents,
            decision.IsAllowed
                ? decision
                : decision with
                {
                    Detail = "parts of the file share blocks with another one, and XFS may have reserved copies for their "
                        + "neighbours; DirectFile.Prepare of the whole file helps"
                },
            range,
            hidden);
    }

    private static void ThrowIfRefused(JudgedExtents extents, PolicyDecision decision, FileRange range, Extent extent)
    {
        if (!decision.IsAllowed)
        {
            throw new MapRefusedException
            {
                Path = extents.Facts.Path,
                Range = range,
                Reason = decision.Reason,
                Detail = decision.Detail,
                Extent = extent
            };
        }
    }
}
