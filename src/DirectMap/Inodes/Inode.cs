using DirectMap.Durability;
using DirectMap.Linux;
using DirectMap.Mapping;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Inodes;

/// <summary>
/// The one state of an inode in the process: the coordinator that it is bound to, and one shared open file description per access mode. A
/// second description would break the process's own kernel lease, and would hide behind it in every proof that no writer is left.
/// </summary>
internal sealed class Inode(FileId id, FileBacking backing, FileBinding binding, SyncLedger syncs)
{
    private readonly UninterruptedLock _gate = new();
    private long _layoutGeneration;
    private long _moves;
    private long _blockSize;
    private int _references;
    private SafeFileHandle? _readOnly;
    private SafeFileHandle? _readWrite;
    private OpenedFile? _apart; // for waiting only; see Apart
    private bool _isApartTried;
    private int _ownReadOnly = -1; // the descriptions' numbers, for whoever must not wait for the gate
    private int _ownReadWrite = -1;
    private EmulatedBlockMap? _emulatedMap;
    private HashSet<long>? _lookedForFolios = []; // windows; null where there are none to be found

    internal FileId Id { get; } = id;

    /// <summary>By what else it is known to other copies of the library; under the table's gate.</summary>
    internal List<FileId> OtherIds { get; } = [];

    internal FileBacking Backing { get; } = backing;

    internal FileBinding Binding { get; } = binding;

    /// <summary>Who has it open in this process with a FileShare.</summary>
    internal FileShares Shares { get; } = new();

    /// <summary>What the syncs of the inode were told.</summary>
    internal SyncLedger Syncs { get; } = syncs;

    internal ILeaseCoordinator Coordinator => Binding.Coordinator;

    /// <summary>What a region of it is protected from now.</summary>
    internal Protection ProtectionOf(RegionFacts facts) => Arbiter.ProtectionOf(facts.IsDirect, facts.IsWaived, facts.Guard);

    /// <summary>Through which all leases on it are taken and broken.</summary>
    internal FileArbiter Arbiter { get; } = new(id, binding.Coordinator, binding.Parties);

    /// <summary>The block map of an inode whose true one cannot be had; made when it is first asked for.</summary>
    internal EmulatedBlockMap EmulatedMap(Func<EmulatedBlockMap> create)
    {
        using (_gate.Enter())
        {
            return _emulatedMap ??= create();
        }
    }

    /// <summary>Where its bytes have addresses in this process.</summary>
    internal MappedAddresses Addresses { get; } = new();

    /// <summary>Who appends to it in this process.</summary>
    internal Appenders Appenders { get; } = new();

    /// <summary>Who sleeps on its words in this process.</summary>
    internal WordListeners Listeners { get; } = new();

    /// <summary>Held by whoever adds blocks to the page that the file ends in, where blocks are smaller than pages.</summary>
    internal UninterruptedLock GrowthGate { get; } = new();

    /// <summary>
    /// A description that is open as long as the inode is, for whoever keeps it; null where none is shared, and when it is closed.
    /// </summary>
    internal SafeFileHandle? Description
    {
        get
        {
            using (_gate.Enter())
            {
                return _readOnly ?? _readWrite;
            }
        }
    }

    /// <summary>
    /// The only description through which this process has the inode open; null where there are two. From then on none is opened to be
    /// kept apart.
    /// </summary>
    internal (SafeFileHandle Description, bool IsWritable)? SoleDescription()
    {
        using (_gate.Enter())
        {
            bool isSole = _apart is null && (_readOnly is null) != (_readWrite is null);
            _isApartTried = true;
            return isSole ? (_readOnly ?? _readWrite!, _readOnly is null) : null;
        }
    }

    /// <summary>
    /// Whether a descriptor is the number of a shared description. Asked by those whom an opening under the gate may wait for: so it waits
    /// for nobody.
    /// </summary>
    internal bool Owns(int descriptor) =>
        descriptor >= 0 && (descriptor == Volatile.Read(ref _ownReadOnly) || descriptor == Volatile.Read(ref _ownReadWrite));

    /// <summary>Size of a block in bytes; 1 or more. The file system is asked once.</summary>
    internal long BlockSizeOf(OpenedFile file)
    {
        long size = Volatile.Read(ref _blockSize);
        if (size == 0)
        {
            size = Math.Max(1, file.FileSystem.BlockSize);
            Volatile.Write(ref _blockSize, size);
        }

        return size;
    }

    /// <summary>How often the layout was changed through the library, as far as extents that were seen before may be others now.</summary>
    internal long LayoutGeneration => Volatile.Read(ref _layoutGeneration);

    /// <summary>How often blocks that were there may have been moved or shared through the library.</summary>
    internal long Moves => Volatile.Read(ref _moves);

    /// <summary>Blocks that were there may have been moved or shared. To be called before <see cref="LayoutChanged"/>.</summary>
    internal void BlocksMoved() => Interlocked.Increment(ref _moves);

    /// <summary>The layout was changed. To be called after the change, and before others get the right to make the next one.</summary>
    internal void LayoutChanged() => Interlocked.Increment(ref _layoutGeneration);

    /// <summary>Whether a window of the file still has to be looked through for large folios. It is the caller who does so.</summary>
    internal bool LooksForLargeFolios(long window)
    {
        using (_gate.Enter())
        {
            return _lookedForFolios is { } looked && looked.Add(window);
        }
    }

    /// <summary>The file was written here, in pages.</summary>
    internal void HasSmallFolios()
    {
        using (_gate.Enter())
        {
            _lookedForFolios = null;
        }
    }

    /// <summary>
    /// Writes what is dirty in a large range, for a sync that was begun with <see cref="SyncLedger.Begin"/> and is made after this.
    /// </summary>
    /// <returns>What the sync has to report, whatever its own call returns; 0 for nothing.</returns>
    /// <inheritdoc cref="SteppedWriteback.Run"/>
    internal int WriteInSteps(int slot, OpenedFile file, FileRange range)
    {
        try
        {
            return SteppedWriteback.Run(new Writeback(this, file), range, Syncs, slot, TimeProvider.System);
        }
        catch (ObjectDisposedException)
        {
            return 0; // Disposed meanwhile: whoever did it waits for no sync.
        }
    }

    /// <summary>A sync begun with <see cref="SyncLedger.Begin"/> has returned.</summary>
    internal void EndSync(int slot, int errno)
    {
        if (SyncLedger.IsAboutData(errno))
        {
            // The other description has a report of the same failure. It is taken now, so that it is not counted as a new one later.
            SafeFileHandle? readOnly;
            SafeFileHandle? readWrite;
            using (_gate.Enter())
            {
                (readOnly, readWrite) = (_readOnly, _readWrite);
            }

            TakeReport(readOnly);
            TakeReport(readWrite);
        }

        Syncs.End(slot, errno);
    }

    /// <summary>0 is written under the table's gate, and what comes after it never is.</summary>
    internal int References => Volatile.Read(ref _references);

    /// <summary>One more, where there is one or more: without the table's gate, since every operation keeps its inode.</summary>
    internal bool TryAddReference()
    {
        int references = References;
        while (references > 0)
        {
            int seen = Interlocked.CompareExchange(ref _references, references + 1, references);
            if (seen == references)
            {
                return true;
            }

            references = seen;
        }

        return false;
    }

    /// <summary>One less, where there are others; the last one is given back under the table's gate.</summary>
    internal bool TryReleaseBesideOthers()
    {
        int references = References;
        while (references > 1)
        {
            int seen = Interlocked.CompareExchange(ref _references, references - 1, references);
            if (seen == references)
            {
                return true;
            }

            references = seen;
        }

        return false;
    }

    /// <summary>Under the table's gate, which also makes the first one.</summary>
    /// <returns>How many there are now.</returns>
    internal int ChangeReferences(int by) => Interlocked.Add(ref _references, by);

    /// <summary>
    /// The shared description for an access mode; opened when it is first needed. Null: what was opened is not this inode any more.
    /// </summary>
    /// <param name="access">Which.</param>
    /// <param name="pathHandle">An O_PATH descriptor of the inode.</param>
    /// <param name="path">For messages.</param>
    /// <param name="wasOpen">Whether it was opened before: then nobody has judged this opener.</param>
    internal SafeFileHandle? TryGetDescription(FileAccess access, SafeFileHandle pathHandle, string path, out bool wasOpen)
    {
        using (_gate.Enter())
        {
            ref SafeFileHandle? description = ref access == FileAccess.Read ? ref _readOnly : ref _readWrite;
            wasOpen = description is not null;
            if (description is null)
            {
                SafeFileHandle opened = OpenFile.Reopen(
                    pathHandle, access == FileAccess.Read ? OpenFile.OpenFlags.O_RDONLY : OpenFile.OpenFlags.O_RDWR, path);
                try
                {
                    if (Statx.Of(opened, path).Id == Id)
                    {
                        description = opened;
                        ref int own = ref access == FileAccess.Read ? ref _ownReadOnly : ref _ownReadWrite;
                        Volatile.Write(ref own, (int)opened.DangerousGetHandle()); // It stays open as long as the inode is.
                    }
                }
                finally
                {
                    if (description is null)
                    {
                        opened.Dispose();
                    }
                }
            }

            return description;
        }
    }

    /// <summary>
    /// Takes a description that was just made (by creating the file) as the shared one; closes it when there is one already.
    /// </summary>
    internal SafeFileHandle Adopt(SafeFileHandle readWrite)
    {
        using (_gate.Enter())
        {
            if (_readWrite is null)
            {
                Volatile.Write(ref _ownReadWrite, (int)readWrite.DangerousGetHandle());
                return _readWrite = readWrite;
            }
        }

        readWrite.Dispose();
        return _readWrite;
    }

    /// <summary>
    /// Whether it has no name any more, so that nobody opens it again; and what the file system calls it. Asked by the last reference.
    /// </summary>
    internal bool IsDeleted(out string? handle)
    {
        SafeFileHandle? file = _readWrite ?? _readOnly;
        handle = file is null ? null : FileHandle.TryGet(file);
        return file is not null && Statx.TryGet(file, out Statx.FileStatus status) == 0 && status.IsDeleted;
    }

    /// <summary>Closes the descriptions; called when the last reference is gone and the table no longer knows the inode.</summary>
    internal void Close()
    {
        Arbiter.Close();
        Volatile.Write(ref _ownReadOnly, -1); // Before the numbers are another file's.
        Volatile.Write(ref _ownReadWrite, -1);
        _readOnly?.Dispose();
        _readWrite?.Dispose();
        using (_gate.Enter())
        {
            _isApartTried = true; // A sync that still goes on gets none any more.
            _apart?.Handle.Dispose();
        }
    }

    /// <summary>
    /// The description that nobody syncs with, opened when a large sync first meets others; null where there is none. It lives as long as
    /// the inode's other descriptions: to close any takes the process's record locks on the file away.
    /// </summary>
    private OpenedFile? Apart(string path)
    {
        using (_gate.Enter())
        {
            if (!_isApartTried && _readWrite is not null)
            {
                _isApartTried = true;
                _apart = Backing.FileOf(this, _readWrite, path).TryOpenApart();
            }

            return _apart;
        }
    }

    private static void TakeReport(SafeFileHandle? description)
    {
        try
        {
            if (description is not null)
            {
                _ = Fsync.Try(description);
            }
        }
        catch (ObjectDisposedException)
        {
            // The last reference is gone, and with it everybody who could be told.
        }
    }

    private readonly struct Writeback(Inode inode, OpenedFile file) : IWriteback
    {
        public int TryBegin(FileRange range) => file.TryBeginWriteback(range);

        public int TryAwait(FileRange range) => file.TryAwaitWriteback(range);

        public int TryAwaitApart(FileRange range) =>
            inode.Apart(file.Path) is { } apart ? apart.TryAwaitWriteback(range) : Errno.EBADF;
    }
}
