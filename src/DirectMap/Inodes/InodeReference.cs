using System.Diagnostics;
using System.Runtime.ConstrainedExecution;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Inodes;

/// <summary>
/// A counted reference to an inode: the last one to go closes its descriptions. Forgotten ones go when they are finalized. Invariants:
/// <list type="number">
/// <item>It stands for one reference of <see cref="InodeTable"/>, from its making to its disposal, which gives it back once.</item>
/// <item>A clone has a reference of its own to all that it shares: the inode, the claim and a description of its own. Each is given
/// back once for each taking, so none is counted below 0.</item>
/// <item>What the description is needed for (the claim's lock) is given back while it is open.</item>
/// </list>
/// </summary>
internal sealed class InodeReference : CriticalFinalizerObject, IDisposable
{
    private readonly CountedFile? _own;
    private FileShares.Claim? _claim;
    private Inode? _inode;

    /// <summary>Takes over one reference that the table has counted.</summary>
    /// <param name="file">The inode through its shared description.</param>
    internal InodeReference(OpenedFile file)
    {
        Debug.Assert(file.Inode.References > 0, "1: a reference that the table has not counted");
        _inode = file.Inode;
        File = file;
    }

    /// <summary>
    /// Takes over one reference that the table has counted, and one to a description that is not shared with other openers.
    /// </summary>
    internal InodeReference(OpenedFile file, CountedFile own)
        : this(file) => _own = own;

    ~InodeReference() => Release();

    internal Inode Inode => File.Inode;

    /// <summary>
    /// The file; its description is open as long as any reference to the inode is, or any clone of this reference when it is not shared.
    /// </summary>
    internal OpenedFile File { get; }

    /// <summary>Takes part in what FileStream does with flock, until the last clone is gone. To be called before there is one.</summary>
    /// <exception cref="IOException">Somebody else is in the way (EAGAIN).</exception>
    internal void Claim(FileShare share) =>
        _claim = Inode.Shares.TryTake(File.Handle, exclusive: share == FileShare.None) ?? throw new IOException(
            $"open of '{File.Path}' with FileShare.{share}: it is open elsewhere with a FileShare that this one does not go with (EAGAIN)")
        {
            HResult = Linux.Errno.EAGAIN
        };

    /// <summary>Another reference to the same inode and description.</summary>
    /// <exception cref="ObjectDisposedException">This one is gone.</exception>
    internal InodeReference Clone()
    {
        Inode inode = AddReference();
        if (_claim is { } claim && !claim.TryAdd())
        {
            InodeTable.Release(inode);
            throw new ObjectDisposedException(nameof(InodeReference));
        }

        if (_own is null)
        {
            return new InodeReference(File) { _claim = _claim };
        }

        if (!_own.TryAdd())
        {
            InodeTable.Release(inode);
            throw new ObjectDisposedException(nameof(InodeReference));
        }

        return new InodeReference(File, _own);
    }

    /// <summary>
    /// The inode, with one more reference, for whoever gives it back to <see cref="InodeTable.Release"/> himself. It keeps the shared
    /// descriptions open, and none that is not shared.
    /// </summary>
    /// <exception cref="ObjectDisposedException">This one is gone.</exception>
    internal Inode AddReference()
    {
        ObjectDisposedException.ThrowIf(!TryAddReference(), this);
        return Inode;
    }

    /// <summary>As <see cref="AddReference"/>; false when this one is gone.</summary>
    internal bool TryAddReference() => Volatile.Read(ref _inode) is not null && Inode.TryAddReference();

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (Interlocked.Exchange(ref _inode, null) is { } inode)
        {
            _own?.Release();
            _claim?.Release(); // While the description is open.
            InodeTable.Release(inode);
        }
    }

    /// <summary>A description that is closed with the last of its references; it begins with one.</summary>
    internal sealed class CountedFile(SafeFileHandle file, Action<CountedFile> closing)
    {
        private int _references = 1;

        internal SafeFileHandle File => file;

        internal bool TryAdd()
        {
            int references = Volatile.Read(ref _references);
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

        internal void Release()
        {
            int left = Interlocked.Decrement(ref _references);
            Debug.Assert(left >= 0, "2: a description is given back more often than taken");
            if (left == 0)
            {
                closing(this);
                file.Dispose();
            }
        }
    }
}
