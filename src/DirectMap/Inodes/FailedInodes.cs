using DirectMap.Durability;
using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Inodes;

/// <summary>
/// What is not open any more, but failed to be written back, and nobody has acknowledged it: whoever opens it next is told. By device and
/// inode number: when a number is used again, what was known of the former file goes. Nobody says when a file is deleted that is not open,
/// so of many the oldest ones go. It is not for threads at the same time.
/// </summary>
/// <param name="capacity">How many are kept.</param>
internal sealed partial class FailedInodes(int capacity)
{
    /// <summary>Some 6 MB of them: a report that is lost is worse than that.</summary>
    internal const int Capacity = 16_384;

    private readonly OrderedDictionary<(ulong Device, ulong Inode), Failed> _failed = [];

    /// <summary>Keeps what an inode failed at that is being closed.</summary>
    /// <param name="id">Its identity.</param>
    /// <param name="handle">What the file system calls it; null where that is not known.</param>
    /// <param name="syncs">What its syncs were told.</param>
    internal void Add(FileId id, string? handle, SyncLedger syncs)
    {
        _failed.Remove(NumberOf(id)); // So that it is the youngest.
        if (_failed.Count == capacity)
        {
            _failed.RemoveAt(0);
        }

        _failed.Add(NumberOf(id), new Failed(id, handle, syncs));
    }

    /// <summary>
    /// What an inode failed at that was open before. Where files have no birth times another one may have got its
    /// number: the file system's handle tells them apart. Where it has none, or not another one, the report stays: better once too often.
    /// </summary>
    internal SyncLedger? Find(FileId id, SafeFileHandle? file)
    {
        if (!_failed.TryGetValue(NumberOf(id), out Failed? failed) || failed.Id != id)
        {
            return null;
        }

        return file is not null && failed.Handle is not null && FileHandle.TryGet(file) is { } handle && handle != failed.Handle
            ? null
            : failed.Syncs;
    }

    /// <summary>An inode is open: it has what was found, and nothing is kept here any more.</summary>
    internal void Remove(FileId id) => _failed.Remove(NumberOf(id));

    /// <summary>By paths there are no numbers, and the whole identity is a hash.</summary>
    private static (ulong Device, ulong Inode) NumberOf(FileId id) => (id.Device, id.Inode);

    private sealed record Failed(FileId Id, string? Handle, SyncLedger Syncs);
}
