using System.Runtime.ConstrainedExecution;
using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Inodes;

/// <summary>
/// The right to be the only one who appends to a range of a file. Within the process the inode's <see cref="Appenders"/> see to it; between
/// processes, on the Linux backing, a lock on the range's first byte, which goes with the process, however that ends.
/// <para>
/// Both are needed: the lock belongs to the inode's shared description, and is not in the way of whoever has the same one. It is on the
/// first byte and not on all, since the bytes behind it are the application's: it may lock records by their place. So ranges that overlap
/// and begin elsewhere are told within the process only.
/// </para>
/// <para>
/// A claim keeps its inode open, and so the lock. One that is forgotten is let go when it is collected; it is critical, so that finalizers
/// of the user's that still append run before. It has its own finalizer and no tether, since claims are few.
/// </para>
/// </summary>
internal sealed class AppenderClaim : CriticalFinalizerObject, IDisposable
{
    private readonly OpenedFile _file;
    private Appender? _appender;

    private AppenderClaim(OpenedFile file, Appender appender)
    {
        _file = file;
        _appender = appender;
    }

    ~AppenderClaim() => Release();

    /// <summary>Takes a range, or says who has it.</summary>
    /// <param name="file">The file, open for writing.</param>
    /// <param name="range">At least one byte.</param>
    /// <param name="holder">Who wants it, in words, for those who come later.</param>
    /// <param name="claim">The claim; null with an error number.</param>
    /// <param name="otherHolder">With EAGAIN, who has it: the words of a claim of this process, or a process that locks records
    /// there. Null: another process, which the lock does not name.</param>
    /// <returns>0; EAGAIN where somebody else has it; another error number where the file cannot be locked (<see cref="OpenFileLock"/>).
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty.</exception>
    /// <exception cref="ObjectDisposedException">The reference is gone.</exception>
    internal static int TryTake(
        InodeReference file, FileRange range, string holder, out AppenderClaim? claim, out string? otherHolder)
    {
        ArgumentOutOfRangeException.ThrowIfZero(range.Length, nameof(range));
        claim = null;
        Inode inode = file.AddReference();
        Appender appender = new(range, holder);
        Appender? other = inode.Appenders.TryAdd(appender);
        otherHolder = other?.Holder;
        if (other is not null)
        {
            InodeTable.Release(inode);
            return Errno.EAGAIN;
        }

        // From here on nobody else in the process asks for the lock, so whoever gets it is this one, and may give it back.
        AppenderClaim taken = new(file.File, appender);
        int errno = taken._file.TryLock(FirstByte(range));
        if (errno == 0)
        {
            claim = taken;
            return 0;
        }

        if (errno == Errno.EAGAIN && taken._file.LockingProcess(FirstByte(range)) is { } process)
        {
            otherHolder = $"process {process}, which has locked the byte at {range.Offset}";
        }

        taken.Dispose();
        return errno;
    }

    /// <summary>Whether it is to exactly these bytes of this inode.</summary>
    internal bool IsTo(Inode inode, FileRange range) =>
        ReferenceEquals(inode, _file.Inode) && Volatile.Read(ref _appender) is { } appender && appender.Range == range;

    /// <summary>Whether anybody has taken some of the bytes; null where only this process could be asked, and nobody has.</summary>
    /// <exception cref="ObjectDisposedException">The reference is gone.</exception>
    internal static bool? IsTaken(InodeReference file, FileRange range) =>
        file.Inode.Appenders.Touch(range) ? true : file.File.IsLockedByOther(FirstByte(range));

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (Interlocked.Exchange(ref _appender, null) is not { } appender)
        {
            return;
        }

        // First the lock: the other way round it could be the next claim's that is given back. If that fails, the lock goes with the
        // description.
        _ = _file.TryUnlock(FirstByte(appender.Range));
        _file.Inode.Appenders.Remove(appender);
        InodeTable.Release(_file.Inode);
    }

    private static FileRange FirstByte(FileRange range) => new(range.Offset, 1);
}
