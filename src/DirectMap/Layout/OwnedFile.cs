using DirectMap.Inodes;
using DirectMap.Linux;

namespace DirectMap.Layout;

/// <summary>
/// A file as one owner has it open: who breaks leases on it, and is shown as a breaker and as a holder. It takes over the reference to the
/// inode. Safe for any thread.
/// </summary>
internal sealed class OwnedFile
{
    private readonly Type _shown;
    private bool _isClosed;

    /// <param name="reference">The file; goes with this.</param>
    /// <param name="path">As it was opened; where that is a symbolic link, the file may have been made at the link's end.</param>
    /// <param name="access">What it is open for.</param>
    /// <param name="description">How others see the owner: with a number, since several may have opened the same path.</param>
    /// <param name="shown">Whose methods the user calls, for the exception when it is closed.</param>
    internal OwnedFile(InodeReference reference, string path, FileAccess access, string description, Type shown)
    {
        Reference = reference;
        Path = path;
        Access = access;
        Description = description;
        Owner = new Named(description);
        _shown = shown;
    }

    internal InodeReference Reference { get; }

    internal string Path { get; }

    internal FileAccess Access { get; }

    internal string Description { get; }

    /// <summary>What a coordinator compares by reference and keeps as long as a lease lives: it refers to nothing but its name.</summary>
    internal object Owner { get; }

    internal Inode Inode => Reference.Inode;

    internal FileId Id => Inode.Id;

    internal FileBackingKind BackingKind => Inode.Backing.Kind;

    internal ILeaseCoordinator Coordinator => Inode.Coordinator;

    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    internal OpenedFile File
    {
        get
        {
            ThrowIfClosed();
            return Reference.File;
        }
    }

    /// <summary>In bytes, as it is now.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    internal long Length => File.Status.Size;

    /// <summary>What the owner needs to change the file.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    /// <exception cref="UnauthorizedAccessException">It is open for reading only.</exception>
    internal BreakRequest Request(LayoutOperation operation, FileRange range, bool takesBlocksAway, BreakOptions? options = null)
    {
        ThrowIfClosed();
        return Access == FileAccess.Read
            ? throw new UnauthorizedAccessException($"'{Reference.File.Path}' was opened for reading only: no {operation} (EBADF)")
            {
                HResult = Errno.EBADF
            }
            : RequestForSource(operation, range, takesBlocksAway, options ?? BreakOptions.Default);
    }

    /// <summary>Also through a file that is open for reading only.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    internal BreakRequest RequestForSource(LayoutOperation operation, FileRange range, bool takesBlocksAway, BreakOptions options)
    {
        ThrowIfClosed();
        return new BreakRequest
        {
            File = Id,
            Owner = Owner,
            Operation = operation,
            Range = range,
            TakesBlocksAway = takesBlocksAway,
            Breaker = Description,
            Options = options,
        };
    }

    /// <summary>Keeps the inode for as long as an operation runs.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    internal KeptInode Keep()
    {
        ThrowIfClosed();
        ObjectDisposedException.ThrowIf(!Reference.TryAddReference(), _shown);
        return new KeptInode(Inode);
    }

    internal void ThrowIfClosed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _isClosed), _shown);

    /// <summary>What was made from it (regions, leases) lives on.</summary>
    internal void Close()
    {
        Volatile.Write(ref _isClosed, true);
        Reference.Dispose();
    }

    private sealed class Named(string name)
    {
        public override string ToString() => name;
    }
}
