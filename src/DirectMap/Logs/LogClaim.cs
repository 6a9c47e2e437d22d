using DirectMap.Linux;
using DirectMap.Threading;

namespace DirectMap.Logs;

/// <summary>
/// A log's right to be the only one who appends to its range, and what its page says of that. The right is the file's, not the region's: it
/// stays while one region goes and the next one comes. One that is forgotten goes with the collection; then the page says nothing of it.
/// </summary>
internal sealed class LogClaim : IDisposable
{
    private readonly IDisposable _right;
    private RegionLogMemory? _announcedIn;
    private LogEngine<RegionLogMemory>? _told;

    private LogClaim(IDisposable right) => _right = right;

    /// <summary>Takes the right. Nothing is stored.</summary>
    /// <exception cref="PersistentLogException">Somebody else has it.</exception>
    /// <exception cref="NotSupportedException">The file system has no locks that hold between processes.</exception>
    /// <exception cref="IOException">The lock cannot be had.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    internal static LogClaim Take(RegionLogMemory memory)
    {
        FileRange range = memory.Range;
        string path = memory.Region.Path;
        int errno = memory.Region.TryClaimAppender(
            memory.Start,
            memory.Length,
            $"a log object of this process, over bytes {range} of '{path}'",
            out IDisposable? right,
            out string? other);
        return errno switch
        {
            0 => new LogClaim(right!),
            Errno.EAGAIN => throw new PersistentLogException(
                PersistentLogError.Taken, $"the log at {range.Offset} of '{path}'", $"it is taken by {other ?? OtherProcess(memory)}"),
            _ => throw Unlockable(errno, path, range),
        };
    }

    /// <summary>Whether it is the right to this memory's bytes.</summary>
    internal bool IsTo(RegionLogMemory memory) => memory.Region.IsClaimedBy(_right, memory.Start, memory.Length);

    /// <summary>
    /// Has the log's page say who appends, and how far the log is durable. That is told under the new instance before the instance is
    /// there, so whoever finds the one has the other; and once more after it, for those who sleep.
    /// </summary>
    internal void Publish(RegionLogMemory memory, LogEngine<RegionLogMemory> engine)
    {
        _told?.EndTelling();
        (_announcedIn, _told) = (memory, engine);
        ulong instance = LogStatusPage.NewInstance();
        engine.BeginTelling(instance);
        LogStatusPage.Begin(memory, instance);
        engine.Publish();
    }

    /// <summary>
    /// Lets go. To be called once: the page that says that nobody appends could be the next one's otherwise. That is stored before, where
    /// the header says that all is durable. Otherwise, and where it fails, the page stays as that of a process that was killed: what was
    /// stored and not made durable is not to be taken for durable.
    /// </summary>
    public void Dispose()
    {
        try
        {
            if (_announcedIn is { } memory && _told!.IsClosed)
            {
                Uninterrupted.Run(memory, LogStatusPage.End);
            }
        }
        catch (Exception)
        {
            // The region is gone, as said.
        }
        finally
        {
            try
            {
                Uninterrupted.Run(_told, static engine => engine?.EndTelling());
            }
            finally
            {
                _right.Dispose();
            }
        }
    }

    private static string OtherProcess(RegionLogMemory memory)
    {
        const string Unknown = "another process, which has not said in the log which it is";
        try
        {
            return LogStatusPage.Appender(memory) is { } process
                ? $"{process}, by what the log says{(process.IsSeenRunning ? "" : "; it is not seen running from here")}"
                : Unknown;
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            return Unknown; // The page cannot be read, and it is for a message only.
        }
    }

    /// <summary>
    /// Without the lock nothing would keep another process from the log, so it is not opened; that is not for the library to decide.
    /// </summary>
    private static Exception Unlockable(int errno, string path, FileRange range)
    {
        string message = $"the log at {range.Offset} of '{path}' cannot be guarded against other processes that append to it: locking its "
            + $"first byte fails (fcntl, F_OFD_SETLK: {Errno.NameOf(errno)})";
        Exception exception = errno is Errno.EINVAL or Errno.ENOSYS or Errno.EOPNOTSUPP
            ? new NotSupportedException(
                $"{message}. The file system has no such locks. Within the process a file opened with "
                    + $"{nameof(FileBackingKind)}.{nameof(FileBackingKind.Portable)} is guarded without.")
            : new IOException(message);
        exception.HResult = errno;
        return exception;
    }
}
