using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Faults;

/// <summary>
/// Finds out why pages were lost, afterwards: the handler of the signal knows no more than an address. It asks for the file's size, the
/// free space and the block map as they are now, so it can only be as right as things have stayed the same; where they contradict each
/// other it says so instead of guessing.
/// </summary>
internal sealed class FaultDiagnosis(RegionFacts facts, InodeReference inode, IBlockMap? blockMap)
{
    private readonly long _page = Environment.SystemPageSize;

    private OpenedFile File => inode.File;

    /// <summary>Why a run of pages was lost.</summary>
    internal Result Diagnose(LostPages.Run run) => Diagnose(RangeOf(run), run.Code);

    /// <summary>Why the kernel could not provide some bytes, which lie within the region.</summary>
    internal Result Diagnose(FileRange lost, FaultCode code)
    {
        try
        {
            (FaultCause cause, Extent? extent, string? detail) = CauseOf(lost, code);
            return new Result(cause, lost, extent, detail);
        }
        catch (Exception exception) when (IsSilence(exception))
        {
            return new Result(FaultCause.Unknown, lost, null, exception.Message); // The fault itself is what has to be reported.
        }
    }

    /// <summary>The bytes of some pages, as far as they are the region's.</summary>
    internal FileRange RangeOf(LostPages.Run run)
    {
        long start = facts.Range.Offset + (run.First * _page);
        return new FileRange(start, Math.Min(run.End * _page, facts.Range.Length) - (run.First * _page));
    }

    /// <summary>What is at a byte of the file now; null where nobody can say, since it is the fault that has to be reported.</summary>
    internal Extent? TryGetExtent(long offset)
    {
        try
        {
            return ExtentAt(offset);
        }
        catch (Exception exception) when (IsSilence(exception))
        {
            return null;
        }
    }

    private (FaultCause Cause, Extent? Extent, string? Detail) CauseOf(FileRange lost, FaultCode code)
    {
        if (code is FaultCode.BUS_MCEERR_AR or FaultCode.BUS_MCEERR_AO)
        {
            return (FaultCause.BadBlock, null, "the machine reported a memory error");
        }

        // Before the extents: asking for them writes dirty pages back, which takes its time, and on a file system that was shut down takes
        // them from the page cache, so that stores to pages that were good would fail, too.
        int errno = File.TryGetLength(out long size);
        if (errno != 0)
        {
            return (FaultCause.Unknown, null, $"the file system answers {Errno.NameOf(errno)}");
        }

        if (lost.Offset >= size)
        {
            return (FaultCause.BeyondEndOfFile, null, $"the file has {size} bytes");
        }

        // A page that can be read now was not lost to the medium; one that cannot is, or the whole file system went.
        errno = File.TryRead(stackalloc byte[1], lost.Offset, out _);
        Extent? extent;
        try
        {
            extent = ExtentAt(lost.Offset);
        }
        catch (Exception exception) when (IsSilence(exception))
        {
            // A full btrfs cannot even write back what has to be written before it tells of extents.
            return (exception.HResult is Errno.ENOSPC or Errno.EDQUOT ? FaultCause.NoSpace : FaultCause.Unknown, null, exception.Message);
        }

        return errno switch
        {
            Errno.EIO => (FaultCause.BadBlock, extent, "reading it fails (EIO)"),
            not 0 => (FaultCause.Unknown, extent, $"the file system answers {Errno.NameOf(errno)}"),
            _ => OfGoodPage(extent),
        };
    }

    /// <summary>
    /// The page can be had now. What is left is a store, or on tmpfs a load, that needed blocks: for the page, or for what the file system
    /// allocates together with it, so that the page itself may have got one.
    /// </summary>
    private (FaultCause Cause, Extent? Extent, string? Detail) OfGoodPage(Extent? extent)
    {
        // Not by the access that tells: the page may have been lost to another one before.
        bool mayHaveStored = facts.Access == MappingAccess.ReadWrite;
        if (!mayHaveStored && !facts.Storage.File.LoadsAllocate)
        {
            return (FaultCause.Unknown, extent, "nothing is wrong with it now; the file may have been shorter at that time");
        }

        // What is free for anybody: root may take more on ext4, but then its store would not have failed; on btrfs the rest cannot be had
        // at all. File systems refuse before the last block: they reserve for metadata, and count per processor.
        (long total, _, long available) = File.Space;
        if (total == 0 || available <= Math.Clamp(total / 20, 1 << 20, 64 << 20))
        {
            return (FaultCause.NoSpace, extent, $"{available} bytes are free");
        }

        bool hasBlock = extent is { Flags: ExtentFlags.None } && facts.BlockMapStability != BlockMapStability.Moves;
        string seen = hasBlock ? "nothing is wrong with it now" : "it needed a block";
        return (
            FaultCause.Unknown,
            extent,
            $"{seen}, and {available} bytes are free now: a quota, space that was freed meanwhile, "
                + "or a file that was shorter at that time");
    }

    private static bool IsSilence(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or NotSupportedException or ObjectDisposedException;

    private Extent? ExtentAt(long offset) => File.ExtentAt(blockMap, offset);

    /// <param name="Cause">Why.</param>
    /// <param name="Lost">The bytes of the lost pages.</param>
    /// <param name="Extent">What is there now.</param>
    /// <param name="Detail">More, in words.</param>
    internal sealed record Result(FaultCause Cause, FileRange Lost, Extent? Extent, string? Detail)
    {
        internal MappingFaultException ToException(string path, FaultAccess access, FileRange range) => new()
        {
            Path = path,
            Cause = Cause,
            Access = access,
            Range = range,
            Extent = Extent,
            Detail = Detail,
            Lost = Lost,
        };
    }
}
