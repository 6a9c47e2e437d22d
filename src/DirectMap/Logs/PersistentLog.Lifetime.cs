using DirectMap.Logs;
using DirectMap.Threading;

namespace DirectMap;

/// <content>How a log is made, opened, let go and taken up again, and who may do so.</content>
public sealed partial class PersistentLog
{
    /// <summary>What is under it has to be done, however often the thread is interrupted: where it is the callback of a break, or a
    /// Dispose, nobody calls it a second time.</summary>
    private readonly UninterruptedLock _gate = new();

    /// <summary>
    /// Null while detached. Whoever stores anything does so in a call of this object, or for one that waits, so it is not collected, and
    /// neither is the claim, while anything is stored.
    /// </summary>
    private LogClaim? _claim;

    private PersistentLog(PersistentLogOptions options, LogEngine<RegionLogMemory> engine, LogClaim claim)
    {
        _options = options;
        _engine = engine;
        _claim = claim;
    }

    /// <summary>Makes an empty log, over whatever is there, also over another log.</summary>
    /// <remarks>When it returns, the log is durable.</remarks>
    /// <param name="region">The region; it may be of any granularity.</param>
    /// <param name="options">Where in the region, and which kind; null for a log in all of it that is no ring.</param>
    /// <returns>The log.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="region"/> is null.</exception>
    /// <exception cref="ArgumentException">The range does not lie within the region or is too short, or the alignment is none.</exception>
    /// <exception cref="NotSupportedException">The region is read-only, or the file system has no locks (EINVAL, ENOSYS, EOPNOTSUPP), so
    /// nothing would keep another process from appending.</exception>
    /// <exception cref="PersistentLogException"><see cref="PersistentLogError.Taken"/>: another log object appends there, in this process
    /// or in another one; nothing was stored.</exception>
    /// <exception cref="IOException">The lock that keeps other processes from appending cannot be had, for instance since there are no more
    /// (ENOLCK); nothing was stored.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page.</exception>
    /// <exception cref="WritebackFailureException">As with <see cref="MappedRegion.Persist(long, long)"/>.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    public static PersistentLog Create(MappedRegion region, PersistentLogOptions? options = null) =>
        Begin(region, options, static (memory, options) =>
            LogEngine<RegionLogMemory>.Create(memory, options.RecordAlignment, options.IsRing));

    /// <summary>Opens a log: reads all its records, checks them, and makes durable what was found (<see cref="Recovery"/>).</summary>
    /// <remarks>Where it throws a <see cref="PersistentLogException"/>, it has stored nothing.</remarks>
    /// <inheritdoc cref="Create"/>
    /// <exception cref="PersistentLogException"><see cref="PersistentLogError.NotALog"/>: there is none, or one of another length, or one
    /// of another format, whose version the message names. <see cref="PersistentLogError.Damaged"/>: a record that was durable is not
    /// whole, or a newer state of the header is lost (unless <see cref="PersistentLogOptions.CutAtDamage"/>), or both slots of the header
    /// are damaged. <see cref="PersistentLogError.Taken"/>: another log object appends there, in this process or in another
    /// one.</exception>
    public static PersistentLog Open(MappedRegion region, PersistentLogOptions? options = null) =>
        Begin(region, options, static (memory, options) => LogEngine<RegionLogMemory>.Open(memory, options.Opening));

    /// <summary>Opens a log, or makes an empty one where there is none.</summary>
    /// <remarks>
    /// It makes one only where nothing but zeros is in the whole range, or where a crash has left one half-made. Whatever else is there is
    /// an exception, and nothing is stored: only <see cref="Create"/> overwrites.
    /// </remarks>
    /// <inheritdoc cref="Open"/>
    public static PersistentLog OpenOrCreate(MappedRegion region, PersistentLogOptions? options = null) =>
        Begin(region, options, static (memory, options) =>
            LogEngine<RegionLogMemory>.OpenOrCreate(memory, options.Opening, options.RecordAlignment, options.IsRing));

    /// <summary>
    /// Lets go of the region, at a record's end: waits for the appends under way, makes everything durable that was stored, stores the mark
    /// of a clean close, and appends and reads nothing until <see cref="Attach"/>.
    /// </summary>
    /// <remarks>
    /// Appends that have not begun are refused, or wait (<see cref="AppendAsync"/>). It is for the callback of a lease break; dispose the
    /// region after it. In any case it has let go when it returns or throws, and others may open the log then.
    /// </remarks>
    /// <exception cref="PersistentLogException"><see cref="PersistentLogError.Failed"/>: something failed before, so not all that was
    /// stored is durable; <see cref="DurableSequence"/> says how much is.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page: not all that
    /// was stored is durable.</exception>
    /// <exception cref="WritebackFailureException">As with <see cref="MappedRegion.Persist(long, long)"/>: not all that
    /// was stored is durable.</exception>
    /// <exception cref="ObjectDisposedException">The log or its region was disposed.</exception>
    public void Detach()
    {
        using (_gate.Enter())
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_attached is not null)
            {
                return;
            }

            Volatile.Write(ref _attached, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            try
            {
                _engine.Close();
            }
            finally
            {
                LetGo();
            }
        }
    }

    /// <summary>
    /// Goes on over a fresh region, after <see cref="Detach"/> or a <see cref="Failure"/>: opens the log there and checks that it is the
    /// same one, with all that was durable.
    /// </summary>
    /// <remarks>
    /// The numbers go on. After a failure also records may be there that were not reported durable: <see cref="LastSequence"/> says. After
    /// a failed writeback that was acknowledged it stores them once more (<see cref="PersistentLogOptions.Rewrite"/>).
    /// <para>While a log is detached another log object may open it and append. When that one is closed, this one goes on behind what it
    /// has left. A log with a failure that was not detached has not let go, so nobody can come in between.</para>
    /// </remarks>
    /// <param name="region">The region; the log lies in it where it lay before.</param>
    /// <exception cref="ArgumentNullException"><paramref name="region"/> is null.</exception>
    /// <exception cref="ArgumentException">The log's range does not lie within the region.</exception>
    /// <exception cref="InvalidOperationException">The log has a region, and nothing has failed.</exception>
    /// <exception cref="NotSupportedException">The region is read-only, or the file system has no locks (EINVAL, ENOSYS, EOPNOTSUPP), so
    /// nothing would keep another process from appending.</exception>
    /// <exception cref="PersistentLogException"><see cref="PersistentLogError.Taken"/>: another log object appends there, in this process
    /// or in another one. <see cref="PersistentLogError.NotALog"/>: it is not there, or another one is.
    /// <see cref="PersistentLogError.Damaged"/>: a record that was durable is missing. The log stays as it was, detached or
    /// failed.</exception>
    /// <exception cref="IOException">The lock that keeps other processes from appending cannot be had, for instance since there are no more
    /// (ENOLCK).</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page.</exception>
    /// <exception cref="WritebackFailureException">As with <see cref="MappedRegion.Persist(long, long)"/>.</exception>
    /// <exception cref="ObjectDisposedException">The log or the region was disposed.</exception>
    public void Attach(MappedRegion region)
    {
        RegionLogMemory memory = _options.In(region);
        using (_gate.Enter())
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            LogEngine<RegionLogMemory> former = _engine;
            if (_attached is null && former.Failure is null)
            {
                throw new InvalidOperationException("The log has a region. Detach it first.");
            }

            LogClaim? held = _claim;
            LogClaim claim = held is not null && held.IsTo(memory) ? held : LogClaim.Take(memory);
            LogEngine<RegionLogMemory> engine;
            try
            {
                engine = OpenAgain(former, memory);
                claim.Publish(memory, engine);
            }
            catch when (!ReferenceEquals(claim, held))
            {
                claim.Dispose();
                throw;
            }

            if (!ReferenceEquals(claim, held))
            {
                LetGo();
            }

            _claim = claim;
            TaskCompletionSource? attached = _attached;
            Volatile.Write(ref _engine, engine);
            Volatile.Write(ref _attached, null);
            attached?.Complete();
        }
    }

    /// <summary>Ends the use of the log; later calls throw.</summary>
    /// <remarks>
    /// If nothing has failed, what was stored is made durable, and the mark of a clean close is stored; what fails now is not reported
    /// here: <see cref="Detach"/> before it reports. The region is not disposed.
    /// </remarks>
    public void Dispose()
    {
        using (_gate.Enter())
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            CloseFailed(_engine);
            LetGo();
            _attached?.Complete();
        }
    }

    /// <summary>The right to append first, then a look at what is there.</summary>
    private static PersistentLog Begin(
        MappedRegion region,
        PersistentLogOptions? options,
        Func<RegionLogMemory, PersistentLogOptions, LogEngine<RegionLogMemory>> open)
    {
        options ??= PersistentLogOptions.Default;
        RegionLogMemory memory = options.In(region);
        options = options with { Range = memory.Range }; // It lies where it lies, also when there is more behind it later.
        LogClaim claim = LogClaim.Take(memory);
        try
        {
            LogEngine<RegionLogMemory> engine = open(memory, options);
            claim.Publish(memory, engine);
            return new PersistentLog(options, engine, claim);
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }

    /// <summary>The same log, with all that was durable, whoever has appended to it meanwhile.</summary>
    private LogEngine<RegionLogMemory> OpenAgain(LogEngine<RegionLogMemory> former, RegionLogMemory memory)
    {
        CloseFailed(former);
        bool rewrites = _options.Rewrite || former.Failure is WritebackFailureException;
        LogEngine<RegionLogMemory> engine =
            LogEngine<RegionLogMemory>.Open(memory, new LogOpening(CutsDamage: false, rewrites, former.Id));
        return engine.LastSequence >= former.DurableSequence
            ? engine
            : throw new PersistentLogException(
                PersistentLogError.Damaged,
                memory.Place,
                $"record {former.DurableSequence} was durable, and the last one that is there is {engine.LastSequence}");
    }

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

    /// <summary>Lets others open the log. After the mark of a clean close, which is the last that is stored of it.</summary>
    private void LetGo()
    {
        LogClaim? claim = _claim;
        _claim = null;
        claim?.Dispose();
    }
}
