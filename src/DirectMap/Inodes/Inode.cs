using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Inodes;

/// <summary>
/// The one state of an inode in the process: the coordinator that it is bound to, and one shared open file description per access mode. A second description would
/// break the process's own kernel lease, and would hide behind it in every proof that no writer is left.
/// </summary>
internal sealed class Inode(FileId id, ILeaseCoordinator coordinator)
{
    private readonly Lock _gate = new();
    private SafeFileHandle? _readOnly;
    private SafeFileHandle? _readWrite;
    private WritebackFailure _writebackFailure = new(0, 0);

    internal FileId Id { get; } = id;

    internal ILeaseCoordinator Coordinator { get; } = coordinator;

    /// <summary>
    /// The last failure to write the inode back. The kernel reports each once per open file description, and all regions of the inode share one: whoever happens to sync first
    /// would take the report away from those whose bytes were lost. So it is kept here, for everybody who was there when it happened.
    /// </summary>
    internal WritebackFailure LastWritebackFailure => Volatile.Read(ref _writebackFailure);

    internal void ReportWritebackFailure(int errno)
    {
        if (errno is Errno.ENOMEM or Errno.EINVAL or Errno.EBADF)
        {
            return; // About the call, not about the data.
        }

        lock (_gate)
        {
            Volatile.Write(ref _writebackFailure, new WritebackFailure(_writebackFailure.Number + 1, errno));
        }
    }

    /// <param name="Number">0: none yet.</param>
    /// <param name="Errno">What the kernel reported.</param>
    internal sealed record WritebackFailure(long Number, int Errno);

    /// <summary>Written under the table's gate.</summary>
    internal int References { get; set; }

    /// <summary>The shared description for an access mode; opened when it is first needed.</summary>
    internal SafeFileHandle Description(FileAccess access, SafeFileHandle pathHandle, string path)
    {
        bool readOnly = access == FileAccess.Read;
        lock (_gate)
        {
            return readOnly
                ? _readOnly ??= OpenFile.Reopen(pathHandle, OpenFile.OpenFlags.O_RDONLY, path)
                : _readWrite ??= OpenFile.Reopen(pathHandle, OpenFile.OpenFlags.O_RDWR, path);
        }
    }

    /// <summary>Takes a description that was just made (by creating the file) as the shared one; closes it when there is one already.</summary>
    internal SafeFileHandle Adopt(SafeFileHandle readWrite)
    {
        lock (_gate)
        {
            if (_readWrite is null)
            {
                return _readWrite = readWrite;
            }
        }

        readWrite.Dispose();
        return _readWrite;
    }

    /// <summary>Closes the descriptions; called when the last reference is gone and the table no longer knows the inode.</summary>
    internal void Close()
    {
        _readOnly?.Dispose();
        _readWrite?.Dispose();
    }
}
