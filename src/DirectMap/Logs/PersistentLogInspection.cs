using DirectMap.Logs;

namespace DirectMap;

/// <summary>What is there of a log, found without storing anything: what an opening would find, and what it would leave out.</summary>
/// <remarks>
/// It is for logs that are damaged, and for those that a crash has left, before an opening for writing clears what is left over. A region
/// that is mapped for reading is enough. It tells of one moment: nobody should append meanwhile. All members are safe for any thread; an
/// enumerator is for one thread at a time.
/// </remarks>
public sealed class PersistentLogInspection
{
    private readonly RegionLogMemory _memory;
    private readonly LogHeader _header;
    private readonly LogRecoveryWalk<RegionLogMemory> _walk;
    private readonly IReadOnlyList<LogStretch> _leftOver;

    private PersistentLogInspection(RegionLogMemory memory)
    {
        _memory = memory;
        _header = LogPlace.Look(memory).HeaderOrThrow(memory);
        default(LogOpening).ThrowIfOther(_header, memory);
        _walk = new LogRecoveryWalk<RegionLogMemory>(_header, new LogArea<RegionLogMemory>(memory, _header));
        _walk.Walk();
        Recovery = _walk.Recovery();
        LogArea<RegionLogMemory> area = new(memory, _header);
        List<LogStretch> strange = _walk.StrangerLife == 0 ? [] : LogStrangers.Find(_header, area, [.. _walk.Kept, .. _walk.LeftOver]);
        _leftOver = [.. _walk.LeftOver.Concat(strange).OrderBy(static stretch => stretch.From)];
        LeftOver = [.. _leftOver.Select(static stretch => new PersistentLogRun(stretch.First, stretch.Next - 1))];
    }

    /// <summary>Reads all records of a log, and checks them.</summary>
    /// <param name="region">The region, for reading or for both.</param>
    /// <param name="options">Where in the region; null for a log in all of it. The other options have no meaning.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="region"/> is null.</exception>
    /// <exception cref="ArgumentException">The range does not lie within the region or is too short.</exception>
    /// <exception cref="PersistentLogException"><see cref="PersistentLogError.NotALog"/>: there is none, or one of another length, or one
    /// of another format. <see cref="PersistentLogError.Damaged"/>: both slots of the header are damaged.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    public static PersistentLogInspection Of(MappedRegion region, PersistentLogOptions? options = null) =>
        new((options ?? PersistentLogOptions.Default).ForReading(region));

    /// <summary>What an opening finds now.</summary>
    /// <remarks>With <see cref="PersistentLogStop.Damage"/> it is what <see cref="PersistentLogOptions.CutAtDamage"/> would keep.</remarks>
    public PersistentLogRecovery Recovery { get; }

    /// <summary>
    /// Whole records that an opening leaves out, in the order of their places: nobody was told that they are durable, or they are not where
    /// they were stored, or they belong to a newer state of the header, which is lost.
    /// </summary>
    public IReadOnlyList<PersistentLogRun> LeftOver { get; }

    /// <summary>
    /// Reads the records that an opening would keep, without those that are lost (<see cref="PersistentLogRecovery.Lost"/>).
    /// </summary>
    /// <returns>The records in their order. The bytes of one are there until the next one is asked for. One that has changed since the
    /// inspection ends the run that it is in.</returns>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    public IEnumerable<PersistentLogEntry> Read() => Read(_walk.Kept);

    /// <summary>Reads the records that an opening would leave out, run by run.</summary>
    /// <inheritdoc cref="Read()"/>
    public IEnumerable<PersistentLogEntry> ReadLeftOver() => Read(_leftOver);

    private IEnumerable<PersistentLogEntry> Read(IReadOnlyList<LogStretch> stretches)
    {
        LogArea<RegionLogMemory> area = new(_memory, _header);
        LogCursor cursor = new();
        foreach (LogStretch stretch in stretches)
        {
            (cursor.Position, cursor.Sequence) = (stretch.From, stretch.First);
            while (cursor.Position < stretch.End && TryRead(area, stretch, cursor, out long size, out long lost))
            {
                if (lost == 0)
                {
                    cursor.Record = cursor.Sequence;
                    yield return new PersistentLogEntry(cursor.Record, cursor.Bytes);
                }

                cursor.Position += size;
                cursor.Sequence += Math.Max(1, lost);
            }
        }
    }

    private bool TryRead(LogArea<RegionLogMemory> area, LogStretch stretch, LogCursor cursor, out long size, out long lost) =>
        stretch.IsStrange
            ? LogStrangers.TryRead(_header, area, cursor, stretch.End, out size, out lost)
            : LogRecords.TryRead(area, _header, cursor, stretch.End, out size, out lost);
}
