using System.Diagnostics;
using DirectMap.Linux;
using DirectMap.Telemetry;

namespace DirectMap.Durability;

/// <summary>
/// What one region, or one opened file, has to be told of failures to write back: each that is not acknowledged, every time; and
/// one that happened in its lifetime at least once, even if somebody else has acknowledged it by then, since only it knows which
/// bytes it had written. Each sync that was under way at a failure is told, too, whoever else of the same region was told of it, and
/// has acknowledged it.
/// </summary>
internal sealed class FailureWatch(FileId file, SyncLedger syncs, FileEvents events)
{
    private long _told = syncs.LastFailure.Number;

    /// <summary>The number of the last failure, which a sync that begins now has not to do with.</summary>
    internal long Last => syncs.LastFailure.Number;

    /// <summary>Throws what is to be reported now.</summary>
    /// <param name="errno">What the caller's own sync was told; 0 for nothing.</param>
    /// <param name="before">What <see cref="Last"/> was before the sync began.</param>
    /// <param name="call">The caller's system call, for the message.</param>
    /// <param name="path">The file's path.</param>
    /// <param name="range">The bytes.</param>
    internal void ThrowIfFailed(int errno, long before, string call, string path, FileRange range)
    {
        if (errno != 0 && !SyncLedger.IsAboutData(errno))
        {
            throw Errno.ToException(errno, call, path, range);
        }

        SyncLedger.Failure failure = syncs.LastFailure;
        bool isAcknowledged = failure.Number <= syncs.Acknowledged;
        if (errno == 0 && isAcknowledged && failure.Number <= before && failure.Number <= Volatile.Read(ref _told))
        {
            return;
        }

        Debug.Assert(failure.Number > 0, "a failure is to be told that nobody has noted");
        bool isNews = Interlocked.Exchange(ref _told, failure.Number) != failure.Number;
        string what = Errno.ToException(failure.Errno, errno != 0 ? call : "writing back", path, range).Message;
        if (isNews)
        {
            events.WritebackFailed(path, range, what);
        }

        string more = isAcknowledged
            ? "; somebody has acknowledged it meanwhile: write again what was not durable yet, and persist"
            : "; reported until DirectFile.AcknowledgeWritebackFailure, since the kernel does not say whose bytes were lost";
        throw new WritebackFailureException(new WritebackFailure(file, failure.Number, failure.Errno, what), what + more, isAcknowledged);
    }
}
