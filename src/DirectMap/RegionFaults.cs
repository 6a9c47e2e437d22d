using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;

namespace DirectMap;

/// <summary>
/// Finds out why pages were lost, afterwards: the handler of the signal knows no more than an address. It asks for the file's size, the free space and the block map as they are now, so it can only be as right as things have stayed the
/// same; where they contradict each other it says so instead of guessing.
/// </summary>
internal sealed class RegionFaults(RegionFacts facts, InodeReference inode, IBlockMap? blockMap, BackingInfo backing)
{
    private readonly long _page = Environment.SystemPageSize;

    private FileBacking Backing => inode.Inode.Backing;

    private SafeFileHandle File => inode.File;

    /// <summary>Why a run of pages was lost.</summary>
    internal Diagnosis Diagnose(LostPages.Run run, FaultAccess access) => Diagnose(RangeOf(run), run.Code, access);

    /// <summary>Why the kernel could not provide some bytes, which lie within the region.</summary>
    internal Diagnosis Diagnose(FileRange lost, FaultCode code, FaultAccess access)
    {
        try
        {
            (FaultCause cause, Extent? extent, string? detail) = CauseOf(lost, code, access);
            return new Diagnosis(cause, lost, extent, detail);
        }
        catch (Exception exception) when (IsSilence(exception))
        {
            return new Diagnosis(FaultCause.Unknown, lost, null, exception.Message); // The fault itself is what has to be reported.
        }
    }

    /// <summary>The bytes of some pages, as far as they are the region's.</summary>
    internal FileRange RangeOf(LostPages.Run run)
    {
        long start = facts.Range.Offset + (run.First * _page);
        return new FileRange(start, Math.Min(run.End * _page, facts.Range.Length) - (run.First * _page));
    }

    private (FaultCause Cause, Extent? Extent, string? Detail) CauseOf(FileRange lost, FaultCode code, FaultAccess access)
    {
        // First, since asking for extents writes dirty pages back: where the file system was shut down that takes them from the page cache, and stores to pages that were good would fail, too.
        int errno = Backing.TryGetLength(File, out long size);
        if (errno != 0)
        {
            return (FaultCause.Unknown, null, $"the file system answers {Errno.NameOf(errno)}");
        }

        Extent? extent = null;
        string? silence = null;
        try
        {
            extent = ExtentAt(lost.Offset);
        }
        catch (Exception exception) when (IsSilence(exception))
        {
            silence = exception.Message;
        }

        if (code is FaultCode.BUS_MCEERR_AR or FaultCode.BUS_MCEERR_AO)
        {
            return (FaultCause.BadBlock, extent, "the machine reported a memory error");
        }

        if (lost.Offset >= size)
        {
            return (FaultCause.BeyondEndOfFile, extent, $"the file has {size} bytes");
        }

        // A page that can be read now was not lost to the medium; one that cannot is, or the whole file system went.
        int readErrno = Backing.TryRead(File, stackalloc byte[1], lost.Offset, out _);
        if (readErrno != 0 || silence is not null)
        {
            return silence is null && readErrno == Errno.EIO
                ? (FaultCause.BadBlock, extent, "reading it fails (EIO)")
                : (FaultCause.Unknown, extent, silence ?? $"the file system answers {Errno.NameOf(readErrno)}");
        }

        return NeedsBlocks(extent, access) ? Space(extent) : (FaultCause.Unknown, extent, "nothing is wrong with it now; the file may have been shorter, or the disk full, at that time");
    }

    /// <summary>Whether the access may have needed a block that the file system had to find first.</summary>
    private bool NeedsBlocks(Extent? extent, FaultAccess access)
    {
        bool mayHaveStored = access != FaultAccess.Read && facts.Access == MappingAccess.ReadWrite;
        return extent is { } there && ((mayHaveStored && (there.Flags != ExtentFlags.None || backing.Stability == BlockMapStability.Moves)) || (backing.LoadsAllocate && there.Flags.HasFlag(ExtentFlags.Hole)));
    }

    private (FaultCause Cause, Extent? Extent, string? Detail) Space(Extent? extent)
    {
        (long total, long free, long available) = Backing.SpaceOf(File, facts.Path);
        long forThisProcess = Environment.IsPrivilegedProcess ? free : available;

        // File systems refuse before the last block: they reserve for metadata, and count per processor.
        return total == 0 || forThisProcess <= Math.Max(1 << 20, total / 50)
            ? (FaultCause.NoSpace, extent, $"{forThisProcess} bytes are free")
            : (FaultCause.Unknown, extent, $"it needed a block, and {forThisProcess} bytes are free now: a quota, space that was freed meanwhile, or a file that was shorter at that time");
    }

    private static bool IsSilence(Exception exception) => exception is IOException or UnauthorizedAccessException or NotSupportedException or ObjectDisposedException;

    private Extent? ExtentAt(long offset)
    {
        Extent[] extent = new Extent[1];
        IBlockMap map = blockMap ?? Backing.BlockMapOf(inode.Inode, File, facts.Path);
        return map.GetExtents(new FileRange(offset, 1), extent) == 1 ? extent[0] : null;
    }

    /// <param name="Cause">Why.</param>
    /// <param name="Lost">The bytes of the lost pages.</param>
    /// <param name="Extent">What is there now.</param>
    /// <param name="Detail">More, in words.</param>
    internal sealed record Diagnosis(FaultCause Cause, FileRange Lost, Extent? Extent, string? Detail)
    {
        internal MappingFaultException ToException(string path, FaultAccess access, FileRange range) => new(path, Cause, access, range, extent: Extent, detail: Detail, lost: Lost);
    }
}
