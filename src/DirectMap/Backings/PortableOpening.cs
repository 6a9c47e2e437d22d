using DirectMap.BlockMaps;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Portable;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>Opens and makes files with System.IO. Each opener has a description of its own, so that its bytes go to the file it opened, also where two files are taken for one.</summary>
internal static class PortableOpening
{
    private const FileShare Everybody = FileShare.ReadWrite | FileShare.Delete;
    private const int ChunkSize = 1 << 20;
    private const int COR_E_IO = unchecked((int)0x80131620);

    internal static InodeReference Open(string path, FileAccess access, FileBinding binding)
    {
        if (Directory.Exists(path))
        {
            throw new UnauthorizedAccessException($"'{path}' is a directory; only regular files can be mapped (EISDIR)") { HResult = Errno.EISDIR };
        }

        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, access, Everybody);
        try
        {
            return Reference(file, path, RandomAccess.GetLength(file), binding);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    internal static InodeReference Create(string path, long length, FileBinding binding, CreationWatch watch)
    {
        // If so, it is not there any more, or nothing can be created. Asked before: as soon as the new one is there, others may open that.
        bool isPredecessorOpen = InodeTable.IsOpen(PortablePath.IdentityOf(path));

        // The system may reserve the blocks, and says now if it cannot.
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, Everybody, preallocationSize: length);
        }
        catch (IOException exception) when (exception.HResult == COR_E_IO)
        {
            throw new IOException($"creating '{path}', bytes {new FileRange(0, length)}: {exception.Message} (ENOSPC)", exception) { HResult = Errno.ENOSPC }; // All that preallocation reports.
        }

        InodeReference? inode = null;
        try
        {
            if (isPredecessorOpen)
            {
                PortablePath.Succeed(path);
            }

            inode = Reference(file, path, 0, binding);

            // Whoever finds the file while it is being made can neither map it nor write to it before it is whole, or its name is gone again.
            using ILayoutBreak right = binding.Coordinator.Break(new BreakRequest
            {
                File = inode.Inode.Id,
                Owner = inode,
                Operation = LayoutOperation.Allocate,
                Range = FileRange.Whole,
                Breaker = $"creation of '{path}'",
            });
            WriteZeros(file, new FileRange(0, length), watch);
            RandomAccess.FlushToDisk(file);
            watch.ThrowIfCancelled();
            EmulatedMapOf(inode.Inode, 0).Set(Blocks(new FileRange(0, length)), ExtentFlags.None);
            return inode;
        }
        catch
        {
            File.Delete(path);
            if (inode is null)
            {
                file.Dispose();
            }

            inode?.Dispose();
            throw;
        }
    }

    internal static void WriteZeros(SafeFileHandle file, FileRange range, CreationWatch watch = default)
    {
        byte[] zeros = new byte[(int)Math.Min(range.Length, ChunkSize)];
        for (long done = 0; done < range.Length; done += zeros.Length)
        {
            watch.ThrowIfCancelled();
            int count = (int)Math.Min(zeros.Length, range.Length - done);
            RandomAccess.Write(file, zeros.AsSpan(0, count), range.Offset + done);
            watch.Tell(done + count);
        }
    }

    /// <summary>The block map that is kept for an inode while the process has it open: everything that is there when it is first opened counts as written.</summary>
    internal static EmulatedBlockMap EmulatedMapOf(Inode inode, long length) => inode.EmulatedMap(() => new EmulatedBlockMap(Blocks(new FileRange(0, length)).Length));

    /// <summary>The whole blocks (of a page) that hold some bytes.</summary>
    internal static FileRange Blocks(FileRange range) => range.Length == 0 ? range : RegionFactory.WholePages(range);

    private static InodeReference Reference(SafeFileHandle file, string path, long length, FileBinding binding)
    {
        Inode inode = InodeTable.AddReference(PortablePath.IdentityOf(path), PortableBacking.Instance, binding, path, () => Statx.Of(file, path).Id);
        _ = EmulatedMapOf(inode, length);
        return new InodeReference(inode, new InodeReference.CountedFile(file));
    }
}
