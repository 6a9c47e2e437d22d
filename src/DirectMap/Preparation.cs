using DirectMap.BlockMaps;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;

namespace DirectMap;

/// <summary>
/// Gives every byte of a range a written block of its own, content kept. Nothing is ever stored to the file: blocks are reserved by fallocate, and turned into written and unshared ones by the page faults
/// of stores (MADV_POPULATE_WRITE) and msync. So a writer that nobody knows of loses nothing, and a full disk or a truncation meanwhile is an error number, not a signal.
/// Works piece by piece, so memory stays the same for any length.
/// </summary>
internal sealed class Preparation(Inode inode, SafeFileHandle file, string path, IBlockMap map, BackingInfo backing)
{
    private const long PieceSize = 32 << 20;
    private const int MaxAttempts = 8;

    private long _allocated;
    private long _converted;
    private long _unshared;
    private long _relocated;

    /// <summary>Whether a store anywhere in the range would change the block map.</summary>
    /// <exception cref="IOException">What has to be allocated is more than there is (ENOSPC): better to say so before the disk is full.</exception>
    internal bool IsNeeded(FileRange range)
    {
        bool isNeeded = false;
        long missing = 0;
        foreach (Flaw flaw in FlawsOf(range))
        {
            isNeeded = true;
            missing += flaw.Reason is RefusalReason.Hole or RefusalReason.SharedExtent ? flaw.Range.Length : 0;
        }

        // Where nobody can judge the file system its figures may mean nothing, either.
        return backing.Stability != BlockMapStability.Stable || missing <= Statfs.FreeBytes(file, path)
            ? isNeeded
            : throw Errno.ToException(Errno.ENOSPC, $"preparing (which takes {missing} bytes)", path, range);
    }

    /// <summary>Does it. The caller has the right to change the layout of the range.</summary>
    /// <param name="range">Whole pages, or up to the end of the file.</param>
    /// <param name="progress">Is told after each piece.</param>
    /// <param name="cancellationToken">Ends it between two pieces.</param>
    internal PrepareReport Run(FileRange range, IProgress<PrepareProgress>? progress, CancellationToken cancellationToken)
    {
        long done = 0;
        while (done < range.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            FileRange piece = new(range.Offset + done, Math.Min(PieceSize, range.Length - done));
            PreparePiece(piece);
            done += piece.Length;
            progress?.Report(new PrepareProgress(done, range.Length));
        }

        return new PrepareReport
        {
            Range = range,
            Allocated = _allocated,
            Converted = _converted,
            Unshared = _unshared,
            Relocated = _relocated,
            Stability = backing.Stability,
        };
    }

    private void PreparePiece(FileRange piece)
    {
        for (int attempt = 1; ; attempt++)
        {
            List<Flaw> flaws = [.. FlawsOf(piece)]; // at most one for each block of the piece
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
                throw new MapRefusedException(path, piece, first.Reason, first.Detail + "; it could not be prepared", first.Extent);
            }

            Reserve(flaws);
            Populate(piece, flaws);
        }
    }

    /// <summary>Blocks for the holes, so that a full disk says so.</summary>
    private void Reserve(List<Flaw> flaws)
    {
        foreach (Flaw flaw in flaws)
        {
            if (flaw.Reason == RefusalReason.Hole)
            {
                int errno = Fallocate.Try(file, Fallocate.FallocateMode.FALLOC_FL_KEEP_SIZE, flaw.Range);
                if (errno is not (0 or Errno.EOPNOTSUPP or Errno.ENOSYS))
                {
                    throw Errno.ToException(errno, "fallocate", path, flaw.Range);
                }
            }
        }
    }

    private unsafe void Populate(FileRange piece, List<Flaw> flaws)
    {
        SafeMemoryMappedViewHandle view;
        try
        {
            view = FileView.Create(file, piece, MappingAccess.ReadWrite, path);
        }
        catch (MapRefusedException refusal) when (refusal.Reason == RefusalReason.BeyondEndOfFile)
        {
            throw Truncated(piece);
        }

        using (view)
        {
            // Alive until the end of the block; in bounds: flaws lie within the piece, and their ends are rounded up to pages, which the kernel maps whole. The pages are never touched from here.
            byte* start = (byte*)view.DangerousGetHandle();
            foreach (Flaw flaw in flaws)
            {
                (nuint offset, nuint length) = Pages(flaw.Range, piece);
                int errno = Madvise.TryPopulateForWriting(start + offset, length);
                if (errno != 0)
                {
                    throw Failure(errno, flaw);
                }
            }

            foreach (Flaw flaw in flaws)
            {
                (nuint offset, nuint length) = Pages(flaw.Range, piece);
                int sync = inode.Syncs.Begin();
                int errno = Msync.Try(start + offset, length);
                inode.EndSync(sync, errno);
                if (errno != 0)
                {
                    throw Errno.ToException(errno, "msync", path, flaw.Range);
                }
            }
        }
    }

    private Exception Failure(int errno, Flaw flaw)
    {
        switch (errno)
        {
            case Errno.EINVAL:
                return new NotSupportedException($"'{path}': preparing a file needs Linux 5.14 (MADV_POPULATE_WRITE)") { HResult = errno };
            case Errno.EFAULT:
                // What would have been a SIGBUS. The kernel does not say why, so find out.
                if (Statx.Of(file, path).Size < flaw.Range.End)
                {
                    return Truncated(flaw.Range);
                }

                int cause = flaw.Reason == RefusalReason.SharedExtent ? Fallocate.Try(file, Fallocate.FallocateMode.FALLOC_FL_UNSHARE_RANGE | Fallocate.FallocateMode.FALLOC_FL_KEEP_SIZE, flaw.Range) : 0;
                if (cause is 0 or Errno.EOPNOTSUPP or Errno.EINVAL)
                {
                    cause = Statfs.FreeBytes(file, path) <= flaw.Range.Length ? Errno.ENOSPC : Errno.EIO;
                }

                return Errno.ToException(cause, "madvise (populate)", path, flaw.Range);
            default:
                return Errno.ToException(errno, "madvise (populate)", path, flaw.Range);
        }
    }

    private IOException Truncated(FileRange range) =>
        new($"'{path}', bytes {range}: the file was truncated while it was being prepared; it has {Statx.Of(file, path).Size} bytes") { HResult = Errno.EFAULT };

    /// <summary>What a store would change, clipped to the range; rounded outward to pages where it is written.</summary>
    private IEnumerable<Flaw> FlawsOf(FileRange range)
    {
        foreach (Extent extent in Extents.Of(map, range, path))
        {
            FaultDecision decision = FaultPolicies.FrozenLayout.EvaluateExtent(backing, extent, MappingAccess.ReadWrite);
            if (!decision.IsAllowed)
            {
                long start = Math.Max(extent.Offset, range.Offset);
                yield return new Flaw(new FileRange(start, Math.Min(extent.End, range.End) - start), decision.Reason, decision.Detail, extent);
            }
        }
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
        reason is RefusalReason.Hole or RefusalReason.UnwrittenExtent or RefusalReason.SharedExtent or RefusalReason.InlineData or RefusalReason.DelayedAllocation;

    private static (nuint Offset, nuint Length) Pages(FileRange range, FileRange piece)
    {
        long page = Environment.SystemPageSize;
        long start = range.Offset / page * page;
        long end = (range.End + page - 1) / page * page;
        return ((nuint)(start - piece.Offset), (nuint)(end - start));
    }

    /// <summary>Bytes that are not as they should be.</summary>
    private readonly record struct Flaw(FileRange Range, RefusalReason Reason, string? Detail, Extent Extent);
}
