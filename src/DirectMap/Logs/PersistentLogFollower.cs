using DirectMap.Logs;

namespace DirectMap;

/// <summary>
/// Reads a <see cref="PersistentLog"/> that somebody else appends to, in this process or in another one, and stores nothing: a region that
/// is mapped for reading, of a file that is opened for reading, is enough.
/// </summary>
/// <remarks>
/// It sees only what is durable, and waits for more without polling.
/// <para>It goes on when the writer has closed the log, was killed, or was started again: the numbers go on. <see cref="Writer"/> says what
/// is the case, and <see cref="WaitForWriterAsync"/> when it changes. Of a log whose writer has died it sees what is known to be durable;
/// what else is whole is for the next opening to decide, or for a look with <see cref="PersistentLogInspection"/>.</para>
/// <para>Waiting needs the Linux backing and one machine. On the portable backing (<see cref="FileBackingKind.Portable"/>) it is woken by
/// writers of its own process, and looks every 10 ms for those of others.</para>
/// <para>The follower does not own its region: dispose the follower first. All members are safe for any thread.</para>
/// </remarks>
public sealed class PersistentLogFollower : IDisposable
{
    private readonly LogObserver<RegionLogMemory> _observer;
    private volatile bool _isDisposed;

    private PersistentLogFollower(RegionLogMemory memory, bool skipsDamage)
    {
        _observer = new LogObserver<RegionLogMemory>(memory, skipsDamage);
        Waits = new LogWaits(_observer, memory);
    }

    /// <summary>Opens a log for reading.</summary>
    /// <remarks>
    /// Where nobody has said how far the log is durable, as after the machine went down, it reads the records to find out; otherwise it
    /// reads the header only.
    /// </remarks>
    /// <param name="region">The region, for reading or for both; it may be of any granularity.</param>
    /// <param name="options">
    /// Where in the region; null for a log in all of it. <see cref="PersistentLogOptions.CutAtDamage"/> here means to read on behind
    /// records that are damaged, and changes nothing in the file; the other options have no meaning.
    /// </param>
    /// <returns>The follower.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="region"/> is null.</exception>
    /// <exception cref="ArgumentException">The range does not lie within the region or is too short.</exception>
    /// <exception cref="PersistentLogException"><see cref="PersistentLogError.NotALog"/>: there is none, or one of another length, or one
    /// of another format. <see cref="PersistentLogError.Damaged"/>: both slots of the header are damaged, or a damaged record was found
    /// while it was asked how far the log is durable.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    public static PersistentLogFollower Open(MappedRegion region, PersistentLogOptions? options = null)
    {
        options ??= PersistentLogOptions.Default;
        return new PersistentLogFollower(options.ForReading(region), options.CutAtDamage);
    }

    /// <summary>The number of the oldest record, or of the next one where there is none; 1 or more.</summary>
    /// <exception cref="PersistentLogException">As with <see cref="PersistentLogReader.MoveNext"/>.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page.</exception>
    /// <exception cref="ObjectDisposedException">The follower or its region was disposed.</exception>
    public long FirstSequence => Observer().Look().Header.Tail.Sequence;

    /// <summary>
    /// The number of the last record that is known to be durable; 0 or more, one less than <see cref="FirstSequence"/> where there is
    /// none.
    /// </summary>
    /// <inheritdoc cref="FirstSequence"/>
    public long DurableSequence => Observer().Look().DurableSequence;

    /// <summary>Who appends.</summary>
    /// <remarks>That a writer was killed is noticed by the lock that it had.</remarks>
    /// <inheritdoc cref="FirstSequence"/>
    public PersistentLogWriter Writer => Waits.WriterOf(Observer().Look());

    /// <summary>
    /// Reads durable records in their order; at their end <see cref="PersistentLogReader.MoveNext"/> is false, until there are more.
    /// </summary>
    /// <param name="from">The number of the first record; 1 to <see cref="DurableSequence"/> + 1, which begins with the next new one. For
    /// one that was given up the first read says so. Null (the default) for the oldest one. Records are found by their numbers, in some
    /// microseconds among millions.</param>
    /// <returns>A reader of its own, for one thread at a time.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="from"/> is less than 1, or more than
    /// <see cref="DurableSequence"/> + 1.</exception>
    /// <exception cref="PersistentLogException">As with <see cref="PersistentLogReader.MoveNext"/>.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page.</exception>
    /// <exception cref="ObjectDisposedException">The follower or its region was disposed.</exception>
    public PersistentLogReader Read(long? from = null) => new(this, from);

    /// <summary>Waits in the caller's thread until a record is durable.</summary>
    /// <remarks>It is the fastest way to hear of one, and needs no other thread.</remarks>
    /// <param name="sequence">Its number; 1 or more.</param>
    /// <param name="timeout">For how long at most; <see cref="TimeSpan.Zero"/> not at all, <see cref="Timeout.InfiniteTimeSpan"/> for
    /// ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it is durable; false when the time is over.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative and not infinite.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="PersistentLogException"><see cref="PersistentLogError.Replaced"/>: another log was made there.
    /// <see cref="PersistentLogError.Damaged"/>: both slots of the header are damaged.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page.</exception>
    /// <exception cref="ObjectDisposedException">The follower or its region was disposed.</exception>
    public bool WaitForRecord(long sequence, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        if (timeout != Timeout.InfiniteTimeSpan)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        }

        _ = Observer();
        return Waits.WaitFor(sequence, timeout, cancellationToken);
    }

    /// <summary>
    /// Reads durable records in their order, and waits for new ones: <c>await foreach (PersistentLogEntry entry in
    /// follower.FollowAsync())</c>.
    /// </summary>
    /// <remarks>It does not end by itself, also not when the writer does.</remarks>
    /// <param name="from">The number of the first record; 1 to <see cref="DurableSequence"/> + 1, as with <see cref="Read"/>. Null (the
    /// default) for the oldest one.</param>
    /// <param name="cancellationToken">Ends it, with an exception.</param>
    /// <returns>
    /// The records. The bytes of one are there until the next one is asked for. What is thrown is what
    /// <see cref="PersistentLogReader.MoveNext"/> throws; an enumerator goes on as a reader does where it is asked again. No pool thread is
    /// held while it waits.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="from"/> is less than 1.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled. The enumerator throws
    /// it.</exception>
    /// <exception cref="ObjectDisposedException">The follower was disposed.</exception>
    public IAsyncEnumerable<PersistentLogEntry> FollowAsync(long? from = null, CancellationToken cancellationToken = default)
    {
        _ = Observer();
        ArgumentOutOfRangeException.ThrowIfLessThan(from ?? 1, 1, nameof(from));
        return new LogFollowing(this, from, cancellationToken);
    }

    /// <summary>
    /// Waits until <see cref="Writer"/> is another one than is known: the log was closed or opened, or its writer was killed (noticed
    /// within half a second).
    /// </summary>
    /// <param name="known">What is known: <see cref="Writer"/>, or what this method has returned before.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The writer now.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="PersistentLogException">As with <see cref="WaitForRecord"/>.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page.</exception>
    /// <exception cref="ObjectDisposedException">The follower or its region was disposed.</exception>
    public Task<PersistentLogWriter> WaitForWriterAsync(PersistentLogWriter known, CancellationToken cancellationToken = default)
    {
        _ = Observer();
        return cancellationToken.IsCancellationRequested
            ? Task.FromCanceled<PersistentLogWriter>(cancellationToken)
            : WaitForOtherAsync(known, cancellationToken);
    }

    private async Task<PersistentLogWriter> WaitForOtherAsync(PersistentLogWriter known, CancellationToken cancellationToken)
    {
        LogWait wait = new(Waits);
        for (PersistentLogWriter writer = Writer; ; writer = Writer)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (writer != known)
            {
                return writer;
            }

            ValueTask change = wait.ForOtherThan(known);
            using (cancellationToken.UnsafeRegister(
                static (wait, cancellationToken) => ((LogWait)wait!).Cancel(cancellationToken), wait))
            {
                await change.ConfigureAwait(false);
            }
        }
    }

    /// <summary>Ends the use of the follower, and all waits, which throw.</summary>
    /// <remarks>The region is not disposed.</remarks>
    public void Dispose()
    {
        _isDisposed = true;
        Waits.Dispose();
    }

    /// <summary>Who waits.</summary>
    internal LogWaits Waits { get; }

    internal LogObserver<RegionLogMemory> Observer()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _observer;
    }
}
