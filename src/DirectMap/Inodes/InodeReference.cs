using System.Runtime.ConstrainedExecution;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Inodes;

/// <summary>A counted reference to an inode: the last one to go closes its descriptions. Forgotten ones go when they are finalized.</summary>
internal sealed class InodeReference : CriticalFinalizerObject, IDisposable
{
    private Inode? _inode;

    /// <summary>Takes over one reference that the table has counted.</summary>
    internal InodeReference(Inode inode, SafeFileHandle file)
    {
        _inode = inode;
        Inode = inode;
        File = file;
    }

    ~InodeReference() => Release();

    internal Inode Inode { get; }

    /// <summary>The shared description; open as long as any reference to the inode is.</summary>
    internal SafeFileHandle File { get; }

    /// <summary>Another reference to the same inode and description.</summary>
    /// <exception cref="ObjectDisposedException">This one is gone.</exception>
    internal InodeReference Clone()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _inode) is null || !InodeTable.TryAddReference(Inode), this);
        return new InodeReference(Inode, File);
    }

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (Interlocked.Exchange(ref _inode, null) is { } inode)
        {
            InodeTable.Release(inode);
        }
    }
}
