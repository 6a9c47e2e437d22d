using DirectMap.BlockMaps;
using DirectMap.FileSystems;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;
using static DirectMap.Linux.Fallocate;

namespace DirectMap.Backings;

/// <summary>
/// A file by what .NET offers everywhere: System.IO, and a block map that is emulated, since nobody can be asked for the true one.
/// Operations change that map as a file system would: a file that grows grows by a hole, and what is allocated is unwritten until it is
/// written.
/// </summary>
internal sealed class PortableFile(Inode inode, SafeFileHandle handle, string path) : OpenedFile(inode, handle, path)
{
    private const int CopySize = 1 << 20;

    private static readonly FileSystem s_fileSystem = new(
        "portable backing",
        BlockMapStability.Unverified,
        Remedy: "the portable backing can ask no file system: ask for emulated persistent memory (MapOptions.DirectOrEmulated)",
        BlockSize: Environment.SystemPageSize,
        LayoutUnit: Environment.SystemPageSize);

    internal override Statx.FileStatus Status =>
        new(default, RandomAccess.GetLength(Handle), 0, 0, default, 0);

    internal override int TryGetLength(out long length)
    {
        long found = 0;
        int errno = PortableErrors.Of(() => found = RandomAccess.GetLength(Handle));
        length = found;
        return errno;
    }

    internal override FileSystem FileSystem => s_fileSystem;

    internal override (long Total, long Free, long Available) Space
    {
        get
        {
            try
            {
                // The file itself may be renamed or deleted by now.
                string? drivePath = OperatingSystem.IsWindows() ? System.IO.Path.GetPathRoot(Path) : System.IO.Path.GetDirectoryName(Path);
                DriveInfo drive = new(drivePath!);
                return (drive.TotalSize, drive.TotalFreeSpace, drive.AvailableFreeSpace);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
            {
                return default; // A network share, a file that was renamed.
            }
        }
    }

    /// <summary>Whoever could open it.</summary>
    internal override bool MayLease(FileAccess access, uint owner) => true;

    internal override IBlockMap BlockMap => EmulatedMap;

    internal override MappedView MapView(FileRange range, MappingAccess access, bool wantsSync) =>
        PortableView.Create(Handle, range, access, Path);

    internal override int TryPopulate(MappedView view, long offset, long length, bool writing)
    {
        PortableView portable = (PortableView)view;

        // A store that finds the disk full would end the process. What is unwritten has blocks already.
        FileRange range = new(portable.FileOffset + offset, length);
        if (writing && !HasSpaceFor(HolesIn(range).Sum(hole => hole.Length)))
        {
            return Errno.ENOSPC;
        }

        int errno = view.TryPopulate(offset, length, writing);
        if (errno == 0 && writing)
        {
            EmulatedMap.Set(PortableOpening.Blocks(range), ExtentFlags.None);
        }

        return errno;
    }

    internal override int TryRead(Span<byte> buffer, long offset, out int count)
    {
        count = 0;
        try
        {
            int read;
            do
            {
                read = RandomAccess.Read(Handle, buffer[count..], offset + count);
                count += read;
            }
            while (read > 0 && count < buffer.Length);
            return 0;
        }
        catch (Exception exception) when (PortableErrors.NumberOf(exception) != 0)
        {
            return PortableErrors.NumberOf(exception);
        }
    }

    internal override int TryWrite(ReadOnlySpan<byte> data, long offset)
    {
        long before = long.MaxValue;
        try
        {
            before = RandomAccess.GetLength(Handle);
            RandomAccess.Write(Handle, data, offset);
        }
        catch (Exception exception) when (PortableErrors.NumberOf(exception) != 0)
        {
            // By what the file has grown it was written; of the rest nothing is known.
            long start = Math.Max(before, offset);
            long end = TryGetLength(out long after) == 0 ? Math.Min(after, offset + data.Length) : start;
            if (start < end)
            {
                EmulatedMap.Set(PortableOpening.Blocks(new FileRange(start, end - start)), ExtentFlags.None);
            }

            return PortableErrors.NumberOf(exception);
        }

        EmulatedMap.Set(PortableOpening.Blocks(new FileRange(offset, data.Length)), ExtentFlags.None);
        return 0;
    }

    internal override int TryWrite(ReadOnlyMemory<byte>[] buffers, long offset)
    {
        foreach (ReadOnlyMemory<byte> buffer in buffers)
        {
            int errno = TryWrite(buffer.Span, offset);
            if (errno != 0)
            {
                return errno;
            }

            offset += buffer.Length;
        }

        return 0;
    }

    internal override int TryBeginWriteback(FileRange range) => Errno.ENOSYS;

    internal override int TryAwaitWriteback(FileRange range) => Errno.ENOSYS;

    internal override OpenedFile? TryOpenApart() => null;

    internal override int TrySync() => PortableErrors.OfSync(() => RandomAccess.FlushToDisk(Handle));

    /// <summary>.NET locks bytes for a process and for all its files at once, on some systems, and in each in another way.</summary>
    internal override int TryLock(FileRange bytes) => 0;

    internal override int TryLockShared(FileRange bytes) => 0;

    internal override int TryUnlock(FileRange bytes) => 0;

    internal override bool? IsLockedByOther(FileRange bytes) => null;

    internal override int? LockingProcess(FileRange bytes) => null;

    internal override int TryAllocate(FallocateMode mode, FileRange range)
    {
        bool keepSize = mode.HasFlag(FallocateMode.FALLOC_FL_KEEP_SIZE);
        try
        {
            return (mode & ~FallocateMode.FALLOC_FL_KEEP_SIZE) switch
            {
                FallocateMode.Allocate => TryFill(range, keepSize),
                FallocateMode.FALLOC_FL_PUNCH_HOLE => TryZero(Clip(range, RandomAccess.GetLength(Handle)), ExtentFlags.Hole),
                FallocateMode.FALLOC_FL_ZERO_RANGE =>
                    TryZeroWithBlocks(keepSize ? Clip(range, RandomAccess.GetLength(Handle)) : range),
                _ => Errno.EOPNOTSUPP, // They move or unshare blocks, which only a Handle system can do at once.
            };
        }
        catch (Exception exception) when (PortableErrors.NumberOf(exception) != 0)
        {
            return PortableErrors.NumberOf(exception); // Of asking for the length, or of the mapping through which holes are filled.
        }
    }

    internal override int TrySetLength(long length)
    {
        int errno = PortableErrors.Of(() => RandomAccess.SetLength(Handle, length));
        if (errno == 0)
        {
            long firstHole = PortableOpening.Blocks(new FileRange(0, length)).End;
            EmulatedMap.Set(new FileRange(firstHole, long.MaxValue - firstHole), ExtentFlags.Hole);
        }

        return errno;
    }

    internal override int TryClone(OpenedFile source) => Errno.EOPNOTSUPP;

    internal override int TryCloneRange(OpenedFile source, FileRange range, long offset) => Errno.EOPNOTSUPP;

    internal override int TryDedupe(OpenedFile source, FileRange range, long offset, out long deduped)
    {
        deduped = 0;
        return Errno.EOPNOTSUPP;
    }

    internal override int TryCopy(OpenedFile source, FileRange range, long offset, out long copied)
    {
        copied = 0;
        byte[] buffer = new byte[(int)Math.Min(CopySize, range.Length)];
        while (copied < range.Length)
        {
            Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, range.Length - copied));
            int errno = source.TryRead(chunk, range.Offset + copied, out int count);
            if (errno != 0 || count == 0)
            {
                return errno;
            }

            errno = TryWrite(chunk[..count], offset + copied);
            if (errno != 0)
            {
                return errno;
            }

            copied += count;
        }

        return 0;
    }

    private EmulatedBlockMap EmulatedMap => PortableOpening.EmulatedMapOf(Inode, 0); // made when the inode was opened

    private static FileRange Clip(FileRange range, long length)
    {
        long start = Math.Min(range.Offset, length);
        return new FileRange(start, Math.Min(range.End, length) - start);
    }

    /// <summary>
    /// Holes get blocks by a store of what is there already, so that bytes that others have written there by other means stay; what is
    /// behind the end gets zeros.
    /// </summary>
    private int TryFill(FileRange range, bool keepSize)
    {
        long length = RandomAccess.GetLength(Handle);
        if (keepSize && range.End > length)
        {
            return Errno.EOPNOTSUPP; // Blocks behind the end of a file cannot be had.
        }

        EmulatedBlockMap map = EmulatedMap;
        List<FileRange> holes = HolesIn(range);
        foreach (FileRange hole in holes.Select(hole => Clip(PortableOpening.Blocks(hole), length)).Where(hole => hole.Length > 0))
        {
            using MappedView view = MapView(hole, MappingAccess.ReadWrite, wantsSync: false);
            int errno = TryPopulate(view, 0, hole.Length, writing: true);
            if (errno != 0)
            {
                return errno;
            }
        }

        if (range.End > length)
        {
            // Asked before, so that a disk is not filled to find out.
            int errno = !HasSpaceFor(range.End - length)
                ? Errno.ENOSPC
                : PortableErrors.Of(() => PortableOpening.WriteZeros(Handle, new FileRange(length, range.End - length)));
            if (errno != 0)
            {
                RandomAccess.SetLength(Handle, length); // A disk that is too small leaves the file as it was.
                return errno;
            }
        }

        holes.ForEach(hole => map.Set(PortableOpening.Blocks(hole), ExtentFlags.Unwritten));
        return 0;
    }

    private List<FileRange> HolesIn(FileRange range) =>
        [.. ExtentWalk.Of(EmulatedMap, range, Path).Where(extent => extent.Flags.HasFlag(ExtentFlags.Hole))
            .Select(extent => Intersection(extent, range))];

    private bool HasSpaceFor(long length) =>
        Space is not { Total: > 0 } space || space.Available >= length;

    private static FileRange Intersection(in Extent extent, FileRange range)
    {
        long start = Math.Max(extent.Offset, range.Offset);
        return new FileRange(start, Math.Min(extent.End, range.End) - start);
    }

    /// <summary>Zeros where there are other bytes, so that what has no blocks on the disk gets none.</summary>
    private int TryZero(FileRange range, ExtentFlags flags)
    {
        byte[] buffer = new byte[(int)Math.Min(CopySize, range.Length)];
        int errno = 0;
        for (long done = 0; done < range.Length && errno == 0; done += buffer.Length)
        {
            Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, range.Length - done));
            errno = TryRead(chunk, range.Offset + done, out int count);
            if (errno == 0 && chunk[..count].ContainsAnyExcept((byte)0))
            {
                FileRange piece = new(range.Offset + done, count);
                errno = PortableErrors.Of(() => PortableOpening.WriteZeros(Handle, piece));
            }
        }

        if (errno != 0)
        {
            return errno;
        }

        long first = Rounding.PageUp(range.Offset);
        long end = range.End == RandomAccess.GetLength(Handle) ? PortableOpening.Blocks(range).End : Rounding.PageDown(range.End);
        if (first < end)
        {
            EmulatedMap.Set(new FileRange(first, end - first), flags); // Of a block at either end nothing changes but its bytes.
        }

        return 0;
    }

    private int TryZeroWithBlocks(FileRange range)
    {
        int errno = TryFill(range, keepSize: false);
        return errno == 0 ? TryZero(range, ExtentFlags.Unwritten) : errno;
    }
}
