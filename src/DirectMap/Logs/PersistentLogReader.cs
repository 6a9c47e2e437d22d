using DirectMap.Logs;

namespace DirectMap;

/// <summary>
/// Reads a <see cref="PersistentLog"/>, from it or from a <see cref="PersistentLogFollower"/>, in order, while others append, without a
/// lock: <c>foreach (PersistentLogEntry entry in log.Read())</c>.
/// </summary>
/// <remarks>
/// At the end <see cref="MoveNext"/> is false, and when records have come since it goes on. One thread at a time; any number of readers may
/// be at work at once.
/// </remarks>
public sealed class PersistentLogReader
{
    private readonly PersistentLog? _log;
    private readonly PersistentLogFollower? _follower;
    private readonly LogCursor _cursor = new();
    private readonly bool _withUndurable;

    internal PersistentLogReader(PersistentLogFollower follower, long? from)
    {
        _follower = follower;
        follower.Observer().Seek(_cursor, from);
    }

    internal PersistentLogReader(PersistentLog log, long? from, bool withUndurable)
    {
        _log = log;
        _withUndurable = withUndurable;
        while (!TrySeek(log.Engine(), from))
        {
        }
    }

    /// <summary>
    /// The record that was read last; it has the number 0 and no bytes before the first one, and when the read of the next one has
    /// failed over its bytes.
    /// </summary>
    public PersistentLogEntry Current => new(_cursor.Record, _cursor.Bytes);

    /// <summary>Reads the next record.</summary>
    /// <returns>Whether there was one; false at the end.</returns>
    /// <exception cref="PersistentLogException">
    /// <see cref="PersistentLogError.Overtaken"/>: records were given up before they were read; the next call reads the oldest one.
    /// <see cref="PersistentLogError.Damaged"/>: the record is not whole, which it was, and the next call throws again; or, where
    /// <see cref="PersistentLogException.Missed"/> is not 0, records were lost there, and the next call reads the one behind them.
    /// <see cref="PersistentLogError.Detached"/>: the log has let go of its region. <see cref="PersistentLogError.Replaced"/>: another log
    /// was made in its place; of a follower's only.
    /// </exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page.</exception>
    /// <exception cref="ObjectDisposedException">The log, the follower or its region was disposed.</exception>
    public bool MoveNext()
    {
        if (_log is null)
        {
            return _follower!.Observer().TryRead(_cursor);
        }

        while (true)
        {
            LogEngine<RegionLogMemory> engine = _log.Engine();
            try
            {
                return engine.TryRead(_cursor, _withUndurable);
            }
            catch (ObjectDisposedException) when (_log.HasLetGo(engine))
            {
                // Whoever detaches the log disposes the region next: its engine says so, or another one goes on.
            }
        }
    }

    /// <summary>Returns this reader, for foreach; it goes on where it is.</summary>
    public PersistentLogReader GetEnumerator() => this;

    /// <summary>Moves to where reading begins. False: the log has let go of the engine's region meanwhile.</summary>
    private bool TrySeek(LogEngine<RegionLogMemory> engine, long? from)
    {
        if (from is { } sequence)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(sequence, 1, nameof(from));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(sequence, engine.LastSequence + 1, nameof(from));
        }

        try
        {
            engine.Seek(_cursor, from);
            return true;
        }
        catch (ObjectDisposedException) when (_log!.HasLetGo(engine))
        {
            return false;
        }
    }
}
