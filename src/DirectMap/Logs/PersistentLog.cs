using DirectMap.Logs;

namespace DirectMap;

/// <summary>
/// An append-only log of records in a region: one persist per append, per batch, or for all who append at one time. After a crash at any
/// point it has exactly the records up to some point: all that were reported durable, in their order, perhaps some that were under way,
/// none in part.
/// <para>
/// Records are numbered from 1 on. What lies in the region, byte by byte, and why one persist is enough, is explained in
/// docs/persistent-log.md. What "durable" survives is the region's to say (<see cref="MappedRegion.Durability"/>).
/// </para>
/// <para>
/// Damage to durable records is told: <see cref="LogError.Damaged"/>. Only acknowledged records can be lost unnoticed that no later whole
/// record was stored after they had become durable, and that no clean close and no later opening covers, for instance the last batch.
/// </para>
/// <para>
/// The log does not own its region: dispose the log first. Only one log object may append to a range at a time, in one process; the
/// region's lease does not see to that. All members are safe for any thread.
/// </para>
/// <para>
/// After an exception of the region (<see cref="MappingFaultException"/>, <see cref="WritebackFailureException"/>) in an append, a
/// trim or a persist nothing more is appended: <see cref="Failure"/> has it, and <see cref="LogError.Failed"/> is what others get.
/// Whether the record under way is there is found out by opening the log again: <see cref="Attach"/>, over a fresh region. What was
/// reported durable is there.
/// </para>
/// </summary>
public sealed class PersistentLog : IDisposable
{
    private readonly Lock _gate = new();
    private readonly PersistentLogOptions _options;
    private LogEngine<RegionLogMemory> _engine; // also after Detach: what it knows stays true
    private TaskCompletionSource? _attached; // not null while detached
    private volatile bool _isDisposed;

    private PersistentLog(PersistentLogOptions options, LogEngine<RegionLogMemory> engine)
    {
        _options = options;
        _engine = engine;
    }

    /// <summary>
    /// Makes an empty log, over whatever is there, also over another log. When it returns, the log is durable.
    /// </summary>
    /// <param name="region">The region; it may be of any granularity.</param>
    /// <param name="options">Where in the region, and which kind; null for a log in all of it that is no ring.</param>
    /// <returns>The log.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="region"/> is null.</exception>
    /// <exception cref="ArgumentException">The range does not lie within the region or is too short, or the alignment is none.</exception>
    /// <exception cref="NotSupportedException">The region is read-only.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page.</exception>
    /// <exception cref="WritebackFailureException">As with <see cref="MappedRegion.Persist(long, long)"/>.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    public static PersistentLog Create(MappedRegion region, PersistentLogOptions? options = null)
    {
        options ??= PersistentLogOptions.Default;
        return new PersistentLog(options, LogEngine<RegionLogMemory>.Create(options.In(region), options.RecordAlignment, options.IsRing));
    }

    /// <summary>
    /// Opens a log: reads all its records, checks them, and makes durable what was found (<see cref="Recovery"/>). Where it throws a
    /// <see cref="PersistentLogException"/>, it has stored nothing.
    /// </summary>
    /// <inheritdoc cref="Create"/>
    /// <exception cref="PersistentLogException"><see cref="LogError.NotALog"/>: there is none, or one of another length, or one of another
    /// format, whose version the message names. <see cref="LogError.Damaged"/>: a record that was durable is not whole, or a newer state of
    /// the header is lost (unless <see cref="PersistentLogOptions.CutAtDamage"/>), or both slots of the header are damaged.</exception>
    public static PersistentLog Open(MappedRegion region, PersistentLogOptions? options = null)
    {
        options ??= PersistentLogOptions.Default;
        return new PersistentLog(options, LogEngine<RegionLogMemory>.Open(options.In(region), options.Opening));
    }

    /// <summary>
    /// Opens a log, or makes an empty one where there is none. It makes one only where nothing but zeros is in the whole range, or where a
    /// crash has left one half-made. Whatever else is there is an exception, and nothing is stored: only <see cref="Create"/> overwrites.
    /// </summary>
    /// <inheritdoc cref="Open"/>
    public static PersistentLog OpenOrCreate(MappedRegion region, PersistentLogOptions? options = null)
    {
        options ??= PersistentLogOptions.Default;
        RegionLogMemory memory = options.In(region);
        return new PersistentLog(
            options, LogEngine<RegionLogMemory>.OpenOrCreate(memory, options.Opening, options.RecordAlignment, options.IsRing));
    }

    /// <summary>What was found when the log was opened or attached last.</summary>
    public LogRecovery Recovery => Known.Recovery;

    /// <summary>The number of the oldest record; 1 or more. Where there is none, the number that the next one gets.</summary>
    public long FirstSequence => Known.Tail.Sequence;

    /// <summary>
    /// The number of the last record that is durable; 0 or more, one less than <see cref="FirstSequence"/> where there is none. Nothing up
    /// to it is taken back by a crash.
    /// </summary>
    public long DurableSequence => Known.DurableSequence;

    /// <summary>The number of the last record that was stored; at least <see cref="DurableSequence"/>.</summary>
    public long LastSequence => Known.LastSequence;

    /// <summary>Room for records, in bytes, with what stands before each; a multiple of 4096.</summary>
    public long Capacity => Known.Capacity;

    /// <summary>
    /// How many bytes are free; 0 or more. A record takes 24 bytes and its own, rounded up to a multiple of <see cref="RecordAlignment"/>.
    /// A ring makes room where there is too little.
    /// </summary>
    public long FreeBytes => Known.FreeBytes;

    /// <summary>The longest record in bytes that fits into an empty log; at most 2,147,483,591.</summary>
    public int MaxRecordLength => Known.MaxRecordLength;

    /// <summary>Records begin at multiples of this many bytes.</summary>
    public int RecordAlignment => Known.Alignment;

    /// <summary>Whether the oldest records are given up when there is no room.</summary>
    public bool IsRing => Known.IsRing;

    /// <summary>Why nothing can be appended any more; null while nothing has failed.</summary>
    public Exception? Failure => Known.Failure;

    /// <summary>Whether it has a region: false between <see cref="Detach"/> and <see cref="Attach"/>.</summary>
    public bool IsAttached => Volatile.Read(ref _attached) is null;

    /// <summary>
    /// Appends a record. When that is done, the record is durable, and all before it. Callers that come at the same time share a persist.
    /// </summary>
    /// <param name="record">The bytes; there may be none.</param>
    /// <returns>The record's number; 1 or more.</returns>
    /// <exception cref="PersistentLogException"><see cref="LogError.Full"/>: there is no room; nothing was stored.
    /// <see cref="LogError.Detached"/>: the log has let go of its region; nothing was stored. <see cref="LogError.Failed"/>: something
    /// failed before; if this record was already stored, it is not known whether it will be there.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page. Whether the record is there
    /// is found out by opening the log again.</exception>
    /// <exception cref="WritebackFailureException">As with <see cref="MappedRegion.Persist(long, long)"/>. Whether the record is there is
    /// found out by opening the log again.</exception>
    /// <exception cref="ObjectDisposedException">The log or its region was disposed.</exception>
    public long Append(ReadOnlySpan<byte> record)
    {
        while (true)
        {
            LogEngine<RegionLogMemory> engine = Engine();
            try
            {
                return engine.Append(record);
            }
            catch (PersistentLogException refused) when (refused.Error == LogError.Detached)
            {
                ThrowUnlessReplaced(engine);
            }
        }
    }

    /// <summary>
    /// Appends records with one persist, which others may share. Either there is room for all of them, or none is stored. After a crash in
    /// the midst of it the first ones may be there without the others.
    /// </summary>
    /// <param name="records">The records, in their order; there may be none.</param>
    /// <returns>The number of the last one; 0 or more. With no records that of the record before.</returns>
    /// <inheritdoc cref="Append"/>
    public long AppendBatch(ReadOnlySpan<ReadOnlyMemory<byte>> records)
    {
        while (true)
        {
            LogEngine<RegionLogMemory> engine = Engine();
            try
            {
                return engine.AppendBatch(records);
            }
            catch (PersistentLogException refused) when (refused.Error == LogError.Detached)
            {
                ThrowUnlessReplaced(engine);
            }
        }
    }

    /// <param name="record">The bytes; there may be none. Leave them alone until the task is done.</param>
    /// <inheritdoc cref="Append(ReadOnlySpan{byte})"/>
    /// <remarks>
    /// The caller's thread does not wait: the record is stored and made durable, together with others that wait, by a thread of the pool or
    /// by one that is in <see cref="Append"/>, <see cref="AppendBatch"/> or <see cref="Trim"/>. Where a persist makes no system call
    /// (<see cref="MappedRegion.Granularity"/> is less than a page) and nobody else is storing, the call itself does so before it returns.
    /// While the log is detached it waits; nothing is lost, and nothing stored meanwhile, so records that wait may be stored in another
    /// order than that of their calls.
    /// </remarks>
    /// <param name="cancellationToken">Takes the record back, until somebody begins to store those that wait; from then on it
    /// changes nothing.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled, and the record was not
    /// stored.</exception>
    public async ValueTask<long> AppendAsync(ReadOnlyMemory<byte> record, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (true)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            TaskCompletionSource? attached = Volatile.Read(ref _attached);
            if (attached is not null)
            {
                await attached.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            LogEngine<RegionLogMemory> engine = Volatile.Read(ref _engine);
            try
            {
                return await engine.AppendAsync(record, cancellationToken).ConfigureAwait(false);
            }
            catch (PersistentLogException exception) when (exception.Error == LogError.Detached)
            {
                // Nothing was stored: the log was detached, attached anew, or disposed since it was asked for its engine. Each says so
                // before it closes the engine.
            }
        }
    }

    /// <summary>Reads records in their order; those that are appended meanwhile, too.</summary>
    /// <param name="from">The number of the first record, which an index in memory finds; 1 to <see cref="LastSequence"/> + 1. For one that
    /// was given up the first read says so. Null (the default) for the oldest one.</param>
    /// <param name="includeNotDurable">Whether also records are read that are stored and not durable yet, which a crash may take
    /// back. False by default.</param>
    /// <returns>A reader of its own, for one thread at a time.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="from"/> is less than 1, or more than the
    /// number that is free.</exception>
    /// <exception cref="PersistentLogException"><see cref="LogError.Detached"/>, <see cref="LogError.Damaged"/>.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page.</exception>
    /// <exception cref="ObjectDisposedException">The log or its region was disposed.</exception>
    public LogReader Read(long? from = null, bool includeNotDurable = false) => new(this, from, includeNotDurable);

    /// <summary>Gives up the records before one, durably, and so makes room.</summary>
    /// <param name="sequence">The number of the oldest record that stays; at most <see cref="DurableSequence"/> + 1, which empties the log.
    /// One that is not there any more changes nothing.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="sequence"/> is less than 1, or more than
    /// <see cref="DurableSequence"/> + 1.</exception>
    /// <inheritdoc cref="Append"/>
    public void Trim(long sequence)
    {
        while (true)
        {
            LogEngine<RegionLogMemory> engine = Engine();
            ArgumentOutOfRangeException.ThrowIfLessThan(sequence, 1);
            try
            {
                engine.Trim(sequence);
                return;
            }
            catch (PersistentLogException refused) when (refused.Error == LogError.Detached)
            {
                ThrowUnlessReplaced(engine);
            }
        }
    }

    /// <summary>
    /// Lets go of the region, at a record's end: waits for the appends under way, makes everything durable that was stored, stores the mark
    /// of a clean close, and appends and reads nothing until <see cref="Attach"/>. Appends that have not begun are refused, or wait
    /// (<see cref="AppendAsync"/>). For the callback of a lease break; dispose the region after it. In any case it has let go when it
    /// returns or throws.
    /// </summary>
    /// <exception cref="PersistentLogException"><see cref="LogError.Failed"/>: something failed before, so not all that was stored is
    /// durable; <see cref="DurableSequence"/> says how much is.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page: not all that
    /// was stored is durable.</exception>
    /// <exception cref="WritebackFailureException">As with <see cref="MappedRegion.Persist(long, long)"/>: not all that
    /// was stored is durable.</exception>
    /// <exception cref="ObjectDisposedException">The log or its region was disposed.</exception>
    public void Detach()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_attached is not null)
            {
                return;
            }

            Volatile.Write(ref _attached, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            _engine.Close();
        }
    }

    /// <summary>
    /// Goes on over a fresh region, after <see cref="Detach"/> or a <see cref="Failure"/>: opens the log there and checks that it is the
    /// same one, with all that was durable. The numbers go on. After a failure also records may be there that were not reported durable:
    /// <see cref="LastSequence"/> says. After a failed writeback that was acknowledged it stores them once more
    /// (<see cref="PersistentLogOptions.Rewrite"/>).
    /// </summary>
    /// <param name="region">The region; the log lies in it where it lay before.</param>
    /// <exception cref="ArgumentNullException"><paramref name="region"/> is null.</exception>
    /// <exception cref="ArgumentException">The log's range does not lie within the region.</exception>
    /// <exception cref="InvalidOperationException">The log has a region, and nothing has failed.</exception>
    /// <exception cref="NotSupportedException">The region is read-only.</exception>
    /// <exception cref="PersistentLogException"><see cref="LogError.NotALog"/>: it is not there, or another one is.
    /// <see cref="LogError.Damaged"/>: a record that was durable is missing. The log stays without a region.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page.</exception>
    /// <exception cref="WritebackFailureException">As with <see cref="MappedRegion.Persist(long, long)"/>.</exception>
    /// <exception cref="ObjectDisposedException">The log or the region was disposed.</exception>
    public void Attach(MappedRegion region)
    {
        RegionLogMemory memory = _options.In(region);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            LogEngine<RegionLogMemory> former = _engine;
            if (_attached is null && former.Failure is null)
            {
                throw new InvalidOperationException("The log has a region. Detach it first.");
            }

            CloseFailed(former);
            bool rewrites = _options.Rewrite || former.Failure is WritebackFailureException;
            LogEngine<RegionLogMemory> engine =
                LogEngine<RegionLogMemory>.Open(memory, new LogOpening(CutsDamage: false, rewrites, former.Id));
            if (engine.LastSequence < former.DurableSequence)
            {
                throw new PersistentLogException(
                    LogError.Damaged,
                    $"record {former.DurableSequence} was durable, and the last one that is there is {engine.LastSequence}");
            }

            TaskCompletionSource? attached = _attached;
            Volatile.Write(ref _engine, engine);
            Volatile.Write(ref _attached, null);
            attached?.SetResult();
        }
    }

    /// <summary>
    /// Ends the use of the log; later calls throw. If nothing has failed, what was stored is made durable, and the mark of a clean close is
    /// stored; what fails now is not reported here: <see cref="Detach"/> before it reports. The region is not disposed.
    /// </summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            CloseFailed(_engine);
            _attached?.SetResult();
        }
    }

    /// <summary>Returns what is in it and its state, for logs.</summary>
    public override string ToString() =>
        $"log of records {FirstSequence} to {LastSequence}, durable to {DurableSequence}"
        + $"{(_isDisposed ? ", disposed" : Failure is { } failure ? $", failed: {failure.Message}" : IsAttached ? "" : ", detached")}";

    /// <summary>
    /// Waits for whoever is still storing. What was not reported durable is not, and who wants to know why asks <see cref="Detach"/> or
    /// <see cref="Failure"/>.
    /// </summary>
    private static void CloseFailed(LogEngine<RegionLogMemory> engine)
    {
        try
        {
            engine.Close();
        }
        catch (Exception)
        {
            // As said.
        }
    }

    /// <summary>
    /// What an engine means that refuses since it is closed. A log that was disposed or detached says so before it closes its engine; one
    /// that was attached anew meanwhile has another engine.
    /// </summary>
    private void ThrowUnlessReplaced(LogEngine<RegionLogMemory> engine)
    {
        if (ReferenceEquals(engine, Engine()))
        {
            throw Detached();
        }
    }

    private static PersistentLogException Detached() => new(LogError.Detached, "the log has let go of its region");

    private LogEngine<RegionLogMemory> Known => Volatile.Read(ref _engine);

    /// <summary>For what needs the region.</summary>
    internal LogEngine<RegionLogMemory> Engine()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return Volatile.Read(ref _attached) is null
            ? Volatile.Read(ref _engine)
            : throw Detached();
    }

    /// <summary>
    /// What it means that an engine's region was disposed: nothing, if the log has let go of it before; then that is what is said.
    /// </summary>
    internal void ThrowIfLetGo() => Engine();
}
