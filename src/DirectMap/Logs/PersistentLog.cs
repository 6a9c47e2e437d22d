using DirectMap.Logs;

namespace DirectMap;

/// <summary>An append-only log of records in a region: one persist per append, per batch, or for all who append at one time.</summary>
/// <remarks>
/// After a crash at any point it has exactly the records up to some point: all that were reported durable, in their order, perhaps some
/// that were under way, none in part.
/// <para>Records are numbered from 1 on. What lies in the region, byte by byte, and why one persist is enough, is explained in
/// docs/persistent-log.md. What "durable" survives is the region's to say (<see cref="RegionFacts.Durability"/>).</para>
/// <para>Damage to durable records is told: <see cref="PersistentLogError.Damaged"/>. Only acknowledged records can be lost unnoticed that
/// no later whole record was stored after they had become durable, and that no clean close and no later opening covers, for instance the
/// last batch.</para>
/// <para>The log does not own its region: dispose the log first. Only one log object appends to a range at a time, in one process or in
/// several: the second one is refused (<see cref="PersistentLogError.Taken"/>) until the first one is disposed or detached, or its process
/// ends, also by SIGKILL. Between processes ranges are told apart by their first byte only. On the portable backing
/// (<see cref="FileBackingKind.Portable"/>) other processes are not kept out. All members are safe for any thread.</para>
/// <para>After an exception of the region (<see cref="MappingFaultException"/>, <see cref="WritebackFailureException"/>) in an append, a
/// trim or a persist nothing more is appended: <see cref="Failure"/> has it, and <see cref="PersistentLogError.Failed"/> is what others
/// get. Whether the record under way is there is found out by opening the log again: <see cref="Attach"/>, over a fresh region. What was
/// reported durable is there.</para>
/// </remarks>
public sealed partial class PersistentLog : IDisposable
{
    private readonly PersistentLogOptions _options;
    private LogEngine<RegionLogMemory> _engine; // also after Detach: what it knows stays true
    private TaskCompletionSource? _attached; // not null while detached
    private volatile bool _isDisposed;

    /// <summary>What was found when the log was opened or attached last.</summary>
    public PersistentLogRecovery Recovery => Known.Recovery;

    /// <summary>The number of the oldest record, or of the next one where there is none; 1 or more.</summary>
    public long FirstSequence => Known.Tail.Sequence;

    /// <summary>
    /// The number of the last record that is durable; 0 or more, one less than <see cref="FirstSequence"/> where there is none.
    /// </summary>
    /// <remarks>Nothing up to it is taken back by a crash.</remarks>
    public long DurableSequence => Known.DurableSequence;

    /// <summary>The number of the last record that was stored; at least <see cref="DurableSequence"/>.</summary>
    public long LastSequence => Known.LastSequence;

    /// <summary>Room for records, in bytes, with what stands before each; a multiple of 4096.</summary>
    public long Capacity => Known.Capacity;

    /// <summary>How many bytes are free; 0 or more.</summary>
    /// <remarks>
    /// A record takes 24 bytes and its own, rounded up to a multiple of <see cref="RecordAlignment"/>. A ring makes room where there is too
    /// little.
    /// </remarks>
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

    /// <summary>Appends a record; when that is done it is durable, and so are all before it.</summary>
    /// <remarks>Callers that come at the same time share a persist.</remarks>
    /// <param name="record">The bytes; there may be none.</param>
    /// <returns>The record's number; 1 or more.</returns>
    /// <exception cref="PersistentLogException"><see cref="PersistentLogError.Full"/>: there is no room; nothing was stored.
    /// <see cref="PersistentLogError.Detached"/>: the log has let go of its region; nothing was stored.
    /// <see cref="PersistentLogError.Failed"/>: something failed before; if this record was already stored, it is not known whether it will
    /// be there.</exception>
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
            catch (PersistentLogException refused) when (refused.Error == PersistentLogError.Detached)
            {
                ThrowUnlessReplaced(engine);
            }
        }
    }

    /// <summary>Appends records with one persist, which others may share.</summary>
    /// <remarks>
    /// Either there is room for all of them, or none is stored. After a crash in the midst of it the first ones may be there without the
    /// others.
    /// </remarks>
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
            catch (PersistentLogException refused) when (refused.Error == PersistentLogError.Detached)
            {
                ThrowUnlessReplaced(engine);
            }
        }
    }

    /// <param name="record">The bytes; there may be none. Leave them alone until the task is done.</param>
    /// <remarks>
    /// <inheritdoc cref="Append(ReadOnlySpan{byte})"/> The caller's thread does not wait: the record is stored and made durable, together
    /// with others that wait, by a thread of the pool or by one that is in <see cref="Append"/>, <see cref="AppendBatch"/> or
    /// <see cref="Trim"/>. Where a persist makes no system call (<see cref="RegionFacts.Granularity"/> is less than a page) and nobody else
    /// is storing, the call itself does so before it returns. While the log is detached it waits; nothing is lost, and nothing stored
    /// meanwhile, so records that wait may be stored in another order than that of their calls.
    /// </remarks>
    /// <inheritdoc cref="Append(ReadOnlySpan{byte})"/>
    /// <param name="cancellationToken">Takes the record back, until somebody begins to store those that wait; from then on it
    /// changes nothing.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled, and the record was not
    /// stored.</exception>
    public ValueTask<long> AppendAsync(ReadOnlyMemory<byte> record, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<long>(cancellationToken)
            : AppendCheckedAsync(record, cancellationToken);
    }

    private async ValueTask<long> AppendCheckedAsync(ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
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
            catch (PersistentLogException exception) when (exception.Error == PersistentLogError.Detached)
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
    /// <exception cref="PersistentLogException">
    /// <see cref="PersistentLogError.Detached"/>, <see cref="PersistentLogError.Damaged"/>.
    /// </exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page.</exception>
    /// <exception cref="ObjectDisposedException">The log or its region was disposed.</exception>
    public PersistentLogReader Read(long? from = null, bool includeNotDurable = false) => new(this, from, includeNotDurable);

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
            catch (PersistentLogException refused) when (refused.Error == PersistentLogError.Detached)
            {
                ThrowUnlessReplaced(engine);
            }
        }
    }

    /// <summary>Returns what is in it and its state, for messages.</summary>
    public override string ToString() =>
        $"log of records {FirstSequence} to {LastSequence}, durable to {DurableSequence}"
        + $"{(_isDisposed ? ", disposed" : Failure is { } failure ? $", failed: {failure.Message}" : IsAttached ? "" : ", detached")}";

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

    private PersistentLogException Detached() => Known.Detached();

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
    /// Whether an engine's region may be gone since the log has let go of it: it is detached or disposed, or has another engine.
    /// <see cref="Engine"/> says then what is.
    /// </summary>
    internal bool HasLetGo(LogEngine<RegionLogMemory> engine) => _isDisposed || !IsAttached || !ReferenceEquals(engine, Known);
}
