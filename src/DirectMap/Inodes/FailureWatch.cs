namespace DirectMap.Inodes;

/// <summary>
/// What one region, or one opened file, has to be told of failures to write back: each that is not acknowledged, every time; and one that happened in its lifetime at least once, even if somebody else has acknowledged
/// it by then, since only it knows which bytes it had written.
/// </summary>
internal sealed class FailureWatch(SyncLedger syncs)
{
    private long _told = syncs.LastFailure.Number;

    /// <summary>What is to be reported now; null for nothing.</summary>
    internal SyncLedger.Failure? Next()
    {
        SyncLedger.Failure failure = syncs.LastFailure;
        if (failure.Number <= syncs.Acknowledged && failure.Number <= Volatile.Read(ref _told))
        {
            return null;
        }

        Volatile.Write(ref _told, failure.Number);
        return failure;
    }
}
