using DirectMap.BlockMaps;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Layout;

/// <summary>
/// Gives every byte of a range a written block of its own, content kept. Nothing is ever stored to the file: blocks are reserved by
/// fallocate, and turned into written and unshared ones by the page faults of stores (MADV_POPULATE_WRITE) and msync. So a writer
/// through the page cache that nobody knows of loses nothing, and a full disk or a truncation meanwhile is an error number, not a
/// signal. (Direct I/O goes past the page cache, and the kernel does not keep the two apart.) Works piece by piece, so memory stays the
/// same for any length.
/// </summary>
internal sealed class Preparation(OpenedFile file, IBlockMap map, FileFacts backing, long unit, bool rewrite = false)
{
    private const long PieceSize = 32 << 20;
    private const int MaxAttempts = 8;

    private long _allocated;
    private long _converted;
    private long _unshared;
    private long _relocated;

    /// <summary>Whether there is something to do in the range.</summary>
    /// <exception cref="IOException">What has to be allocated is more than there is (ENOSPC): better to say so
    /// before the disk is full.</exception>
    internal bool IsNeeded(FileRange range)
    {
        bool isNeeded = rewrite && range.Length > 0;
        long missing = 0;
        foreach (Flaw flaw in FlawsOf(range))
        {
            isNeeded = true;
            missing += flaw.Reason is RefusalReason.Hole or RefusalReason.SharedExtent ? flaw.Range.Length : 0;
        }

        // Where nobody can judge the file system its figures may mean nothing, either.
        return backing.Stability != BlockMapStability.Stable || file.Space is not { Total: > 0 } space
            || missing <= space.Free
            ? isNeeded
            : throw Errno.ToException(Errno.ENOSPC, $"preparing (which takes {missing} bytes)", file.Path, range);
    }

    /// <summary>Does it. The caller has the right to change the layout of the range.</summary>
    /// <param name="range">Whole pages, or up to the end of the file.</param>
    /// <param name="progress">Is told after each piece, and at the end.</param>
    /// <param name="cancellationToken">Ends it between two pieces.</param>
    internal PrepareReport Run(FileRange range, IProgress<PrepareProgress>? progress, CancellationToken cancellationToken)
    {
        long done = 0;
        while (done < range.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();

            // From one flaw to the next: a file system that has to be asked page by page (tmpfs) is asked once about what is fit.
            FileRange rest = new(range.Offset + done, range.Length - done);
            long start = rest.Offset;
            if (!rewrite)
            {
                if (FlawsOf(rest).FirstOrDefault() is not { Reason: not RefusalReason.None } flaw)
                {
                    break;
                }

                start = Math.Max(Rounding.Down(flaw.Range.Offset, unit), rest.Offset);
            }

            FileRange piece = new(start, Math.Min(PieceSize, range.End - start));
            PreparePiece(piece);
            done = piece.End - range.Offset;
            if (done < range.Length)
            {
                Report(progress, new PrepareProgress(done, range.Length));
            }
        }

        Report(progress, new PrepareProgress(range.Length, range.Length));
        return Report(range);
    }

    private static void Report(IProgress<PrepareProgress>? progress, PrepareProgress so)
    {
        if (progress is not null)
        {
            UserCode.Mark(() => progress.Report(so));
        }
    }

    /// <summary>What was done so far.</summary>
    internal PrepareReport Report(FileRange range) => new()
    {
        Range = range,
        Allocated = _allocated,
        Converted = _converted,
        Unshared = _unshared,
        Relocated = _relocated,
        Stability = backing.Stability,
    };

    /// <summary>
    /// Makes the page faults of stores to the range and no more, where the file system moves blocks at each writeback anyway: what a full
    /// disk would do to a store is an error number here.
    /// </summary>
    internal void Touch(FileRange range, MappingAccess access) =>
        Populate(range, [new Flaw(range, RefusalReason.UnwrittenExtent, null, default)], access, isDurable: false);

    private void PreparePiece(FileRange piece)
    {
        bool isRewriting = rewrite;
        for (int attempt = 1; ; attempt++)
        {
            // At most one for each block of the piece.
            List<Flaw> flaws = [.. isRewriting ? AllOf(piece) : FlawsOf(piece)];
            isRewriting = false;
            if (flaws.Count == 0)
            {
                return;
            }

            if (attempt == 1)
            {
                Count(flaws);
            }

            Flaw first = flaws.Find(flaw => !IsCurable(flaw.Reason)) is { Reason: not RefusalReason.None } incurable ? incurable : flaws[0];
            if (attempt > MaxAttempts || !IsCurable(first.Reason))
            {
                // Somebody undoes it all the time, or the file system does not do what others do.
                throw new MapRefusedException
                {
                    Path = file.Path,
                    Range = piece,
                    Reason = first.Reason,
                    Detail = "Prepare could not change that: it cannot be changed, "
                        + "somebody undoes it, or the block map is one of the user's own (DirectFileOptions.BlockMap)",
                    Extent = first.Extent
                };
            }

            Reserve(piece, flaws);
            Populate(piece, flaws, MappingAccess.ReadWrite, isDurable: true);
        }
    }

    /// <summary>Blocks for the holes, so that a full disk says so.</summary>
    private void Reserve(FileRange piece, List<Flaw> flaws)
    {
        // Blocks beyond the end would stay behind. And on tmpfs, which may lie below what nobody can judge, to ask for them beyond the
        // process's limit raises a signal, should the file be truncated just then.
        if (file.Status.Size < piece.End)
        {
            throw Truncated(piece);
        }

        bool mayRaise = backing.LoadsAllocate || backing.Stability == BlockMapStability.Unverified;
        foreach (Flaw flaw in flaws)
        {
            if (flaw.Reason == RefusalReason.Hole)
            {
                int errno = mayRaise && flaw.Range.End > file.Inode.Backing.MaxFileSize
                    ? Errno.EFBIG
                    : file.TryAllocate(Fallocate.FallocateMode.FALLOC_FL_KEEP_SIZE, flaw.Range);
                if (errno is not (0 or Errno.EOPNOTSUPP or Errno.ENOSYS))
                {
                    throw Errno.ToExceptionOfChange(errno, "fallocate", file.Path, flaw.Range);
                }
            }
        }
    }

    private void Populate(FileRange piece, List<Flaw> flaws, MappingAccess access, bool isDurable)
    {
        MappedView view;
        try
        {
            view = file.MapView(piece, access, wantsSync: false);
        }
        catch (MapRefusedException refusal) when (refusal.Reason == RefusalReason.BeyondEndOfFile)
        {
            throw Truncated(piece);
        }

        using (view)
        {
            // In bounds: flaws lie within the piece, and their ends are rounded up to pages, which are mapped whole.
            (long Offset, long End) all = (long.MaxValue, 0);
            foreach (Flaw flaw in flaws)
            {
                (long offset, long end) = Pages(flaw, piece);
                all = (Math.Min(all.Offset, offset), Math.Max(all.End, end));
                int errno = file.TryPopulate(view, offset, end - offset, writing: access != MappingAccess.Read);
                if (errno != 0)
                {
                    throw Failure(errno, flaw);
                }
            }

            if (isDurable)
            {
                int sync = file.Inode.Syncs.Begin();
                int errno = Errno.EBADF;
                try
                {
                    errno = view.TrySync(all.Offset, all.End - all.Offset);
                }
                finally
                {
                    file.Inode.EndSync(sync, errno);
                }

                if (errno != 0)
                {
                    throw Errno.ToExceptionOfChange(errno, "msync", file.Path, piece);
                }

                if (!backing.IsDax && !backing.LoadsAllocate)
                {
                    // Page after page, as here, readahead takes them into large ones.
                    LargeFolios.Split(view, piece.Offset, all.Offset, all.End);
                }
            }
        }
    }

    private Exception Failure(int errno, Flaw flaw)
    {
        switch (errno)
        {
            case Errno.EINVAL:
                const string Need = "preparing a file needs Linux 5.14 (EINVAL)";
                return new NotSupportedException($"madvise (populate) of '{file.Path}', bytes {flaw.Range}: {Need}") { HResult = errno };
            case Errno.EFAULT:
                // What would have been a SIGBUS. The kernel does not say why, so find out.
                if (file.Status.Size < flaw.Range.End)
                {
                    return Truncated(flaw.Range);
                }

                const Fallocate.FallocateMode Unshare =
                    Fallocate.FallocateMode.FALLOC_FL_UNSHARE_RANGE | Fallocate.FallocateMode.FALLOC_FL_KEEP_SIZE;
                int cause = flaw.Reason == RefusalReason.SharedExtent ? file.TryAllocate(Unshare, flaw.Range) : 0;
                if (cause is 0 or Errno.EOPNOTSUPP or Errno.EINVAL)
                {
                    // btrfs has blocks free that it gives to nobody.
                    cause = file.Space.Available <= flaw.Range.Length ? Errno.ENOSPC : Errno.EFAULT;
                }

                return cause == Errno.EFAULT
                    ? new IOException(
                        $"'{file.Path}', bytes {flaw.Range}: the file system could not make the blocks ready, and does not say why: "
                            + "a quota, an attribute set meanwhile, or the medium (EFAULT)")
                    {
                        HResult = cause
                    }
                    : Errno.ToException(cause, "madvise (populate)", file.Path, flaw.Range);
            default:
                return Errno.ToException(errno, "madvise (populate)", file.Path, flaw.Range);
        }
    }

    private IOException Truncated(FileRange range) =>
        new(
            $"'{file.Path}', bytes {range}: the file was truncated while it was being prepared; it has "
                + $"{file.Status.Size} bytes (EFAULT)")
        {
            HResult = Errno.EFAULT
        };

    /// <summary>What a store would change, clipped to the range.</summary>
    private IEnumerable<Flaw> FlawsOf(FileRange range)
    {
        foreach (Extent extent in ExtentWalk.Of(map, range, file.Path))
        {
            PolicyDecision decision = FaultPolicies.FrozenLayout.EvaluateExtent(backing, extent, MappingAccess.ReadWrite);
            if (!decision.IsAllowed)
            {
                yield return new Flaw(Clip(extent, range), decision.Reason, decision.Detail, extent);
            }
        }
    }

    /// <summary>Everything, also what is fit.</summary>
    private IEnumerable<Flaw> AllOf(FileRange range)
    {
        foreach (Extent extent in ExtentWalk.Of(map, range, file.Path))
        {
            PolicyDecision decision = FaultPolicies.FrozenLayout.EvaluateExtent(backing, extent, MappingAccess.ReadWrite);
            yield return new Flaw(
                Clip(extent, range), decision.IsAllowed ? RefusalReason.UnwrittenExtent : decision.Reason, decision.Detail, extent);
        }
    }

    private static FileRange Clip(in Extent extent, FileRange range)
    {
        long start = Math.Max(extent.Offset, range.Offset);
        return new FileRange(start, Math.Min(extent.End, range.End) - start);
    }

    private void Count(List<Flaw> flaws)
    {
        foreach (Flaw flaw in flaws)
        {
            switch (flaw.Reason)
            {
                case RefusalReason.Hole:
                    _allocated += flaw.Range.Length;
                    break;
                case RefusalReason.SharedExtent:
                    _unshared += flaw.Range.Length;
                    break;
                case RefusalReason.InlineData:
                    _relocated += flaw.Range.Length;
                    break;
                default:
                    _converted += flaw.Range.Length;
                    break;
            }
        }
    }

    private static bool IsCurable(RefusalReason reason) =>
        reason is RefusalReason.Hole or RefusalReason.UnwrittenExtent or RefusalReason.SharedExtent or RefusalReason.InlineData
            or RefusalReason.DelayedAllocation;

    /// <summary>
    /// The pages to populate, from the piece's beginning. For shared blocks all that the file system changes at once: XFS reserves new
    /// blocks for the neighbours, too, and would move them there at their next store.
    /// </summary>
    private (long Offset, long End) Pages(Flaw flaw, FileRange piece)
    {
        long page = Environment.SystemPageSize;
        long around = flaw.Reason == RefusalReason.SharedExtent ? Math.Max(unit, page) : page;
        long start = Math.Max(Rounding.Down(flaw.Range.Offset, around), piece.Offset);
        long end = Math.Min(Rounding.Up(flaw.Range.End, around), Rounding.PageUp(piece.End));
        return (start - piece.Offset, end - piece.Offset);
    }

    /// <summary>Bytes that are not as they should be.</summary>
    private readonly record struct Flaw(FileRange Range, RefusalReason Reason, string? Detail, Extent Extent);
}
