using DirectMap.BlockMaps;
using DirectMap.Durability;
using DirectMap.FileSystems;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;
using static DirectMap.Linux.Fallocate;

namespace DirectMap.Backings;

/// <summary>
/// What .NET offers everywhere: System.IO, and a block map that is emulated, since nobody can be asked for the true one. Operations change
/// that map as a file system would: a file that grows grows by a hole, what is allocated is unwritten until it is written.
/// </summary>
internal sealed class PortableBacking : FileBacking
{
    internal static readonly PortableBacking Instance = new();

    private const int CopySize = 1 << 20;

    private static readonly FileSystem s_fileSystem = new(
        "portable backing",
        BlockMapStability.Unverified,
        Remedy: "the portable backing can ask no file system: ask for emulated persistent memory (MapOptions.DirectOrEmulated)",
        BlockSize: Environment.SystemPageSize,
        LayoutUnit: Environment.SystemPageSize);

    private PortableBacking()
    {
    }

    internal override FileBackingKind Kind => FileBackingKind.Portable;

    internal override RegionRevocation Revocation => new(
        RevocationKind.Cooperative,
        "the portable backing cannot put other pages where the file's are: a mapping goes when no scope is open in it");

    /// <summary>There is no way to ask for a limit.</summary>
    internal override long MaxFileSize => long.MaxValue;

    internal override InodeReference Open(string path, FileAccess access, FileBinding binding, FileShare? share = null) =>
        PortableOpening.Open(path, access, binding, share);

    internal override InodeReference Create(string path, long length, FileBinding binding, FileShare? share, CreationWatch watch) =>
        PortableOpening.Create(path, length, binding, share, watch);

    internal override Statx.FileStatus StatusOf(SafeFileHandle file, string path) =>
        new(default, RandomAccess.GetLength(file), 0, 0, default, 0);

    internal override int TryGetLength(SafeFileHandle file, out long length)
    {
        long found = 0;
        int errno = PortableErrors.Of(() => found = RandomAccess.GetLength(file));
        length = found;
        return errno;
    }

    internal override FileSystem FileSystemOf(SafeFileHandle file, string path) => s_fileSystem;

    internal override (long Total, long Free, long Available) SpaceOf(SafeFileHandle file, string path)
    {
        try
        {
            // The file itself may be renamed or deleted by now.
            DriveInfo drive = new(OperatingSystem.IsWindows() ? Path.GetPathRoot(path)! : Path.GetDirectoryName(path)!);
            return (drive.TotalSize, drive.TotalFreeSpace, drive.AvailableFreeSpace);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return default; // A network share, a file that was renamed.
        }
    }

    /// <summary>Whoever could open it.</summary>
    internal override bool MayLease(SafeFileHandle file, string path, FileAccess access, uint owner) => true;

    internal override IBlockMap BlockMapOf(Inode inode, SafeFileHandle file, string path) => MapOf(inode);

    internal override RegionDurability DurabilityOf(in FileSystem fileSystem, EffectiveGranularity granularity) =>
        new(
            DurabilityKind.Unknown,
            "the whole view is flushed and then the file (RandomAccess.FlushToDisk): as durable as what lies below, "
                + "which cannot be seen from here");

    internal override EffectiveGranularity GranularityOf(PersistGranularity? emulated, bool isDax, string? syncMissing) =>
        new(PersistGranularity.Page, "the portable backing can only have the system flush the file");

    internal override RegionContainment ContainmentOf(FaultContainment wanted, in FileSystem fileSystem) =>
        new(ContainmentKind.None, "the portable backing has no native code and makes no system calls");

    internal override MappedView Map(SafeFileHandle file, FileRange range, MappingAccess access, string path, bool wantsSync) =>
        PortableView.Create(file, range, access, path);

    internal override int TryPopulate(Inode inode, MappedView view, long offset, long length, bool writing)
    {
        PortableView portable = (PortableView)view;

        // A store that finds the disk full would end the process. What is unwritten has blocks already.
        FileRange range = new(portable.FileOffset + offset, length);
        if (writing && !HasSpaceFor(HolesOf(MapOf(inode), range, portable.Path).Sum(hole => hole.Length), portable.File, portable.Path))
        {
            return Errno.ENOSPC;
        }

        int errno = view.TryPopulate(offset, length, writing);
        if (errno == 0 && writing)
        {
            MapOf(inode).Set(PortableOpening.Blocks(range), ExtentFlags.None);
        }

        return errno;
    }

    internal override int TryRead(SafeFileHandle file, Span<byte> buffer, long offset, out int count)
    {
        count = 0;
        try
        {
            int read;
            do
            {
                read = RandomAccess.Read(file, buffer[count..], offset + count);
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

    internal override int TryWrite(Inode inode, SafeFileHandle file, ReadOnlySpan<byte> data, long offset)
    {
        long before = long.MaxValue;
        try
        {
            before = RandomAccess.GetLength(file);
            RandomAccess.Write(file, data, offset);
        }
        catch (Exception exception) when (PortableErrors.NumberOf(exception) != 0)
        {
            // By what the file has grown it was written; of the rest nothing is known.
            long start = Math.Max(before, offset);
            long end = TryGetLength(file, out long after) == 0 ? Math.Min(after, offset + data.Length) : start;
            if (start < end)
            {
                MapOf(inode).Set(PortableOpening.Blocks(new FileRange(start, end - start)), ExtentFlags.None);
            }

            return PortableErrors.NumberOf(exception);
        }

        MapOf(inode).Set(PortableOpening.Blocks(new FileRange(offset, data.Length)), ExtentFlags.None);
        return 0;
    }

    internal override int TryWrite(Inode inode, SafeFileHandle file, ReadOnlyMemory<byte>[] buffers, long offset)
    {
        foreach (ReadOnlyMemory<byte> buffer in buffers)
        {
            int errno = TryWrite(inode, file, buffer.Span, offset);
            if (errno != 0)
            {
                return errno;
            }

            offset += buffer.Length;
        }

        return 0;
    }

    internal override int TryBeginWriteback(SafeFileHandle file, FileRange range) => Errno.ENOSYS;

    internal override int TryAwaitWriteback(SafeFileHandle file, FileRange range) => Errno.ENOSYS;

    internal override SafeFileHandle? TryOpenApart(SafeFileHandle readWrite, string path) => null;

    internal override int TrySync(SafeFileHandle file) => PortableErrors.OfSync(() => RandomAccess.FlushToDisk(file));

    /// <summary>.NET locks bytes for a process and for all its files at once, on some systems, and in each in another way.</summary>
    internal override int TryLock(SafeFileHandle file, FileRange bytes) => 0;

    internal override int TryLockShared(SafeFileHandle file, FileRange bytes) => 0;

    internal override int TryUnlock(SafeFileHandle file, FileRange bytes) => 0;

    internal override bool? IsLockedByOther(SafeFileHandle file, FileRange bytes) => null;

    internal override int? LockingProcess(SafeFileHandle file, FileRange bytes) => null;

    internal override int TryAllocate(Inode inode, SafeFileHandle file, string path, FallocateMode mode, FileRange range)
    {
        bool keepSize = mode.HasFlag(FallocateMode.FALLOC_FL_KEEP_SIZE);
        try
        {
            return (mode & ~FallocateMode.FALLOC_FL_KEEP_SIZE) switch
            {
                FallocateMode.Allocate => TryFill(inode, file, path, range, keepSize),
                FallocateMode.FALLOC_FL_PUNCH_HOLE => TryZero(inode, file, Clip(range, RandomAccess.GetLength(file)), ExtentFlags.Hole),
                FallocateMode.FALLOC_FL_ZERO_RANGE =>
                    TryZeroWithBlocks(inode, file, path, keepSize ? Clip(range, RandomAccess.GetLength(file)) : range),
                _ => Errno.EOPNOTSUPP, // They move or unshare blocks, which only a file system can do at once.
            };
        }
        catch (Exception exception) when (PortableErrors.NumberOf(exception) != 0)
        {
            return PortableErrors.NumberOf(exception); // Of asking for the length, or of the mapping through which holes are filled.
        }
    }

    internal override int TrySetLength(Inode inode, SafeFileHandle file, long length)
    {
        int errno = PortableErrors.Of(() => RandomAccess.SetLength(file, length));
        if (errno == 0)
        {
            long firstHole = PortableOpening.Blocks(new FileRange(0, length)).End;
            MapOf(inode).Set(new FileRange(firstHole, long.MaxValue - firstHole), ExtentFlags.Hole);
        }

        return errno;
    }

    internal override int TryClone(SafeFileHandle source, SafeFileHandle file) => Errno.EOPNOTSUPP;

    internal override int TryCloneRange(SafeFileHandle source, FileRange range, SafeFileHandle file, long offset) => Errno.EOPNOTSUPP;

    internal override int TryDedupe(SafeFileHandle source, FileRange range, SafeFileHandle file, long offset, out long deduped)
    {
        deduped = 0;
        return Errno.EOPNOTSUPP;
    }

    internal override int TryCopy(SafeFileHandle source, FileRange range, Inode inode, SafeFileHandle file, long offset, out long copied)
    {
        copied = 0;
        byte[] buffer = new byte[(int)Math.Min(CopySize, range.Length)];
        while (copied < range.Length)
        {
            Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, range.Length - copied));
            int errno = TryRead(source, chunk, range.Offset + copied, out int count);
            if (errno != 0 || count == 0)
            {
                return errno;
            }

            errno = TryWrite(inode, file, chunk[..count], offset + copied);
            if (errno != 0)
            {
                return errno;
            }

            copied += count;
        }

        return 0;
    }

    private static EmulatedBlockMap MapOf(Inode inode) => PortableOpening.EmulatedMapOf(inode, 0); // made when the inode was opened

    private static FileRange Clip(FileRange range, long length)
    {
        long start = Math.Min(range.Offset, length);
        return new FileRange(start, Math.Min(range.End, length) - start);
    }

    /// <summary>
    /// Holes get blocks by a store of what is there already, so that bytes that others have written there by other means stay; what is
    /// behind the end gets zeros.
    /// </summary>
    private int TryFill(Inode inode, SafeFileHandle file, string path, FileRange range, bool keepSize)
    {
        long length = RandomAccess.GetLength(file);
        if (keepSize && range.End > length)
        {
            return Errno.EOPNOTSUPP; // Blocks behind the end of a file cannot be had.
        }

        EmulatedBlockMap map = MapOf(inode);
        List<FileRange> holes = HolesOf(map, range, path);
        foreach (FileRange hole in holes.Select(hole => Clip(PortableOpening.Blocks(hole), length)).Where(hole => hole.Length > 0))
        {
            using MappedView view = Map(file, hole, MappingAccess.ReadWrite, path, wantsSync: false);
            int errno = TryPopulate(inode, view, 0, hole.Length, writing: true);
            if (errno != 0)
            {
                return errno;
            }
        }

        if (range.End > length)
        {
            // Asked before, so that a disk is not filled to find out.
            int errno = !HasSpaceFor(range.End - length, file, path)
                ? Errno.ENOSPC
                : PortableErrors.Of(() => PortableOpening.WriteZeros(file, new FileRange(length, range.End - length)));
            if (errno != 0)
            {
                RandomAccess.SetLength(file, length); // A disk that is too small leaves the file as it was.
                return errno;
            }
        }

        holes.ForEach(hole => map.Set(PortableOpening.Blocks(hole), ExtentFlags.Unwritten));
        return 0;
    }

    private static List<FileRange> HolesOf(EmulatedBlockMap map, FileRange range, string path) =>
        [.. Extents.Of(map, range, path).Where(extent => extent.Flags.HasFlag(ExtentFlags.Hole))
            .Select(extent => Intersection(extent, range))];

    private bool HasSpaceFor(long length, SafeFileHandle file, string path) =>
        SpaceOf(file, path) is not { Total: > 0 } space || space.Available >= length;

    private static FileRange Intersection(in Extent extent, FileRange range)
    {
        long start = Math.Max(extent.Offset, range.Offset);
        return new FileRange(start, Math.Min(extent.End, range.End) - start);
    }

    /// <summary>Zeros where there are other bytes, so that what has no blocks on the disk gets none.</summary>
    private int TryZero(Inode inode, SafeFileHandle file, FileRange range, ExtentFlags flags)
    {
        byte[] buffer = new byte[(int)Math.Min(CopySize, range.Length)];
        int errno = 0;
        for (long done = 0; done < range.Length && errno == 0; done += buffer.Length)
        {
            Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, range.Length - done));
            errno = TryRead(file, chunk, range.Offset + done, out int count);
            if (errno == 0 && chunk[..count].ContainsAnyExcept((byte)0))
            {
                FileRange piece = new(range.Offset + done, count);
                errno = PortableErrors.Of(() => PortableOpening.WriteZeros(file, piece));
            }
        }

        if (errno != 0)
        {
            return errno;
        }

        long page = Environment.SystemPageSize;
        long first = (range.Offset + page - 1) / page * page;
        long end = range.End == RandomAccess.GetLength(file) ? PortableOpening.Blocks(range).End : range.End / page * page;
        if (first < end)
        {
            MapOf(inode).Set(new FileRange(first, end - first), flags); // Of a block at either end nothing changes but its bytes.
        }

        return 0;
    }

    private int TryZeroWithBlocks(Inode inode, SafeFileHandle file, string path, FileRange range)
    {
        int errno = TryFill(inode, file, path, range, keepSize: false);
        return errno == 0 ? TryZero(inode, file, range, ExtentFlags.Unwritten) : errno;
    }
}
