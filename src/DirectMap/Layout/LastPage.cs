using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Layout;

/// <summary>
/// The page that a mapping ends in, where blocks are smaller than pages. What the file grows by within that page would be holes, and a
/// store to the mapping's own bytes, which touches the whole page, would allocate them. So whoever makes the file longer reserves those
/// blocks first, and makes them written ones when the file has grown. Who is mapping meanwhile either has a lease that the growth sees, or
/// waits for the growth to end.
/// <para>
/// What always holds, whoever else appends to the file or truncates it at any moment:
/// (1) Nothing is stored to the file: blocks are reserved by fallocate, and become written by page faults and msync, as
/// <see cref="Preparation"/> has it.
/// (2) The length is changed by the operation only, never here. So nothing has to be taken back, and no foreign byte is cut off. What is
/// reserved for an operation that fails stays reserved behind the end, less than a page.
/// (3) All that may be refused (space, address space, an old kernel) is refused before the operation. What fails after it (EIO, or ENOSPC
/// where the file system reserves nothing) is told unless the operation has failed itself, and says that the file has grown.
/// (4) No interrupt ends a growth; it is kept.
/// (5) The gate is held only by an operation that adds blocks to the page that the file ends in.
/// </para>
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
    /// <param name="file">The file.</param>
    /// <param name="length">How long it is going to be, at most; 0 for what does not grow it.</param>
    /// <returns>The growth, to be ended whatever comes of it.</returns>
    /// <exception cref="IOException">There is no space for the blocks (ENOSPC), or the page cannot be mapped or read. The file is as it
    /// was.</exception>
    /// <exception cref="NotSupportedException">The kernel is older than Linux 5.14 (EINVAL). The file is as it was.</exception>
    internal static Growth Begin(OpenedFile file, long length)
    {
        if (length == 0 || file.BlockSize is var block && block >= Environment.SystemPageSize)
        {
            return default;
        }

        UninterruptedLock.Entered gate = file.Inode.GrowthGate.Enter();
        bool isHeld = false;
        Page? page = null;
        try
        {
            FileRange tail = TailOf(file.Status.Size, length, block);
            if (tail.Length == 0)
            {
                return default;
            }

            if (file.Inode.Arbiter.IsMapped(tail))
            {
                Reserve(file, tail);
                page = Page.TryMap(file, tail);
                page?.ThrowIfNotReady();
            }

            isHeld = true;
            return new Growth(gate, page);
        }
        finally
        {
            if (!isHeld)
            {
                page?.Dispose();
                gate.Dispose();
            }
        }
    }

    /// <summary>What the file would grow by within its last page; empty where it would get no new block there.</summary>
    private static FileRange TailOf(long before, long length, long block)
    {
        long end = Math.Min(length, Rounding.PageUp(before));
        long blocksEnd = Rounding.Up(before, Math.Max(1, block));
        return new FileRange(before, end > blocksEnd ? end - before : 0);
    }

    /// <summary>Blocks for what would be holes, so that a full disk says so. The length stays.</summary>
    private static void Reserve(OpenedFile file, FileRange tail)
    {
        // Beyond the process's limit some file systems raise a signal, should the file have been truncated just now.
        int errno = tail.End > file.Inode.Backing.MaxFileSize
            ? Errno.EFBIG
            : file.TryAllocate(Fallocate.FallocateMode.FALLOC_FL_KEEP_SIZE, tail);
        if (errno is not (0 or Errno.EOPNOTSUPP or Errno.ENOSYS))
        {
            throw Errno.ToException(errno, "fallocate of the blocks of the last mapped page, before the file grows,", file.Path, tail);
        }
    }

    /// <summary>What makes a file longer, from its last page's being made ready to its end.</summary>
    internal readonly ref struct Growth
    {
        private readonly Page? _page;
        private readonly UninterruptedLock.Entered _gate;

        internal Growth(UninterruptedLock.Entered gate, Page? page)
        {
            _gate = gate;
            _page = page;
        }

        /// <summary>The operation was made; passes on what it answered. One that failed may have grown the file, too.</summary>
        /// <exception cref="IOException">The operation was made, but the blocks could not be written.</exception>
        internal int Ended(int errno)
        {
            int written = _page?.Write() ?? 0;
            return errno == 0 && written != 0 ? throw _page!.Failure(written) : errno;
        }

        public void Dispose()
        {
            try
            {
                if (_page is { IsWritten: false })
                {
                    _ = _page.Write(); // The operation threw.
                }
            }
            finally
            {
                _page?.Dispose();
                _gate.Dispose();
            }
        }
    }

    /// <summary>The page that the file ended in before it grew, mapped.</summary>
    internal sealed class Page : IDisposable
    {
        private readonly OpenedFile _file;
        private readonly FileRange _tail;
        private readonly MappedView _view;
        private int? _errno;

        private Page(OpenedFile file, FileRange tail, MappedView view)
        {
            _file = file;
            _tail = tail;
            _view = view;
        }

        /// <summary>Whether <see cref="Write"/> has been done.</summary>
        internal bool IsWritten => _errno is not null;

        /// <summary>Null: somebody has truncated the file meanwhile, so it does not end in that page any more.</summary>
        internal static Page? TryMap(OpenedFile file, FileRange tail)
        {
            long start = Rounding.PageDown(tail.Offset);
            FileRange there = new(start, tail.Offset - start);
            try
            {
                MappedView view = file.MapView(there, MappingAccess.ReadWrite, wantsSync: false);
                return new Page(file, tail, view);
            }
            catch (MapRefusedException refusal) when (refusal.Reason == RefusalReason.BeyondEndOfFile)
            {
                return null;
            }
        }

        /// <summary>Loads the page, so that what keeps it from being written is known before the file grows.</summary>
        internal void ThrowIfNotReady()
        {
            const string Call = "madvise (populate) of the last mapped page, before the file grows,";
            switch (_file.TryPopulate(_view, 0, Environment.SystemPageSize, writing: false))
            {
                case 0:
                case Errno.EFAULT when IsTruncated:
                    break;
                case Errno.EINVAL:
                    throw new NotSupportedException($"{Call} '{_file.Path}', bytes {_tail}: needs Linux 5.14 (EINVAL)")
                    {
                        HResult = Errno.EINVAL
                    };
                case var errno:
                    throw Errno.ToException(errno == Errno.EFAULT ? Errno.EIO : errno, Call, _file.Path, _tail);
            }
        }

        /// <summary>Makes the blocks of what the file has grown by written ones. It may be done again.</summary>
        /// <returns>0, or the error number.</returns>
        internal int Write()
        {
            Uninterrupted.Run(this, static page => page._errno = page.WriteOnce());
            return _errno ?? 0;
        }

        internal Exception Failure(int errno) => Errno.ToException(
            errno,
            "the file has grown, but to write the blocks of its last mapped page failed: madvise (populate) or msync",
            _file.Path,
            _tail);

        public void Dispose() => _view.Dispose();

        private bool IsTruncated => _file.TryGetLength(out long length) == 0 && length < _tail.Offset;

        private int WriteOnce()
        {
            if (_file.TryGetLength(out long length) == 0 && length <= _tail.Offset)
            {
                return 0; // It has not grown, or somebody has truncated it.
            }

            int errno = _file.TryPopulate(_view, 0, Environment.SystemPageSize, writing: true);
            if (errno != 0)
            {
                return errno != Errno.EFAULT ? errno
                    : IsTruncated ? 0
                    : _file.Space.Available < _tail.Length ? Errno.ENOSPC
                    : Errno.EIO;
            }

            // Synced, since blocks that are promised only (delayed allocation) would come later, and reserved ones are written only then.
            int sync = _file.Inode.Syncs.Begin();
            errno = Errno.EBADF; // disposed meanwhile
            try
            {
                errno = _view.TrySync(0, Environment.SystemPageSize);
            }
            finally
            {
                _file.Inode.EndSync(sync, errno);
            }

            return errno;
        }
    }
}
