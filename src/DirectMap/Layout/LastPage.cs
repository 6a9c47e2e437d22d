using DirectMap.BlockMaps;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Layout;

/// <summary>
/// The page that a mapping ends in, where blocks are smaller than pages. What the file grows by within that page would be holes, and a
/// store to the mapping's own bytes, which touches the whole page, would allocate them. So whoever makes the file longer first writes
/// those blocks. Who is mapping meanwhile either has a lease that the growth sees, or waits for the growth to end.
/// </summary>
internal static class LastPage
{
    /// <summary>To be called after the lease was had, and before the length and the extents are looked at.</summary>
    internal static void WaitForGrowth(Inode inode)
    {
        using (inode.GrowthGate.Enter())
        {
            // Whoever comes next sees the lease.
        }
    }

    /// <summary>Makes the last mapped page ready for the file to grow; the caller has the right to let it.</summary>
    /// <param name="inode">The file.</param>
    /// <param name="file">Its description.</param>
    /// <param name="path">For messages.</param>
    /// <param name="length">How long it is going to be, at most; 0 for what does not grow it.</param>
    /// <returns>The growth, to be ended whatever comes of it.</returns>
    /// <exception cref="IOException">There is no space for the blocks (ENOSPC), or writing them failed (EIO). The file is as it
    /// was.</exception>
    internal static Growth Begin(Inode inode, SafeFileHandle file, string path, long length)
    {
        if (length == 0 || inode.BlockSizeOf(file, path) is var block && block >= Environment.SystemPageSize)
        {
            return default;
        }

        UninterruptedLock.Entered gate = inode.GrowthGate.Enter();
        try
        {
            long before = inode.Backing.StatusOf(file, path).Size;
            FileRange tail = TailOf(before, length, block);
            if (tail.Length == 0 || !IsMapped(inode, tail))
            {
                return new Growth(gate);
            }

            Growth growth = new(gate, inode, file, tail);
            int errno = WriteZeros(inode, file, tail);
            if (errno != 0)
            {
                growth.TakeBack();
                throw Errno.ToException(errno, "writing the blocks of the last mapped page, before the file grows,", path, tail);
            }

            return growth;
        }
        catch
        {
            gate.Dispose();
            throw;
        }
    }

    /// <summary>What the file would grow by within its last page; empty where it would get no new block there.</summary>
    private static FileRange TailOf(long before, long length, long block)
    {
        long end = Math.Min(length, Rounding.WholePages(new FileRange(0, before)).End);
        long blocksEnd = Rounding.Out(new FileRange(0, before), Math.Max(1, block)).End;
        return new FileRange(before, end > blocksEnd ? end - before : 0);
    }

    private static bool IsMapped(Inode inode, FileRange tail)
    {
        foreach (LeaseInfo lease in inode.Coordinator.Snapshot(inode.Id).Leases)
        {
            if (lease.Mapped.Overlaps(tail))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Synced, since blocks that are promised only (delayed allocation) would come later.</summary>
    private static int WriteZeros(Inode inode, SafeFileHandle file, FileRange tail)
    {
        int errno = inode.Backing.TryWrite(inode, file, new byte[tail.Length], tail.Offset);
        if (errno != 0)
        {
            return errno;
        }

        int sync = inode.Syncs.Begin();
        errno = Errno.EBADF; // disposed meanwhile
        try
        {
            errno = inode.Backing.TrySync(file);
        }
        finally
        {
            inode.EndSync(sync, errno);
        }

        return errno;
    }

    /// <summary>What makes a file longer, from its last page's being made ready to its end.</summary>
    internal ref struct Growth
    {
        private readonly Inode? _inode;
        private readonly SafeFileHandle? _file;
        private readonly FileRange _tail;
        private readonly bool _holdsGate;
        private readonly UninterruptedLock.Entered _gate;
        private bool _isDone;

        internal Growth(UninterruptedLock.Entered gate)
        {
            _gate = gate;
            _holdsGate = true;
        }

        internal Growth(UninterruptedLock.Entered gate, Inode inode, SafeFileHandle file, FileRange tail)
            : this(gate)
        {
            _inode = inode;
            _file = file;
            _tail = tail;
        }

        /// <summary>Passes on what the operation answered.</summary>
        internal int Ended(int errno)
        {
            _isDone = errno == 0;
            return errno;
        }

        public void Dispose()
        {
            if (!_holdsGate)
            {
                return;
            }

            if (!_isDone)
            {
                TakeBack();
            }

            _gate.Dispose();
        }

        /// <summary>Nothing is to be changed by what failed. What it did itself before it failed stays.</summary>
        internal readonly void TakeBack()
        {
            if (_inode is not null && _inode.Backing.TryGetLength(_file!, out long length) == 0
                && length > _tail.Offset && length <= _tail.End)
            {
                _ = _inode.Backing.TrySetLength(_inode, _file!, _tail.Offset);
            }
        }
    }
}
