using System.Runtime.CompilerServices;
using DirectMap.Files;
using DirectMap.FileSystems;
using DirectMap.Layout;
using DirectMap.Linux;
using DirectMap.Telemetry;

namespace DirectMap;

/// <content>Making an existing file fit for direct mapping.</content>
public sealed partial class DirectFile
{
    /// <summary>
    /// Makes an existing file fit for direct mapping: gives every byte a written block of its own, so that no later store makes the file
    /// system allocate (holes), convert (unwritten extents) or copy (shared ones). Contents stay, also what somebody else writes meanwhile
    /// through the page cache (write(2), mappings), and are durable afterwards. Not so direct I/O (O_DIRECT) that is made meanwhile: the
    /// kernel does not keep it apart from the page cache, and either may overwrite the other. Where something is to be done, the leases of
    /// other owners are broken; where nothing is, nobody is disturbed.
    /// </summary>
    /// <param name="options">What and how; null for the whole file.</param>
    /// <param name="cancellationToken">Ends it between two pieces of at most 32 MiB (the wait for the holders not: that is what
    /// <see cref="PrepareAsync"/> is for). What is done by then stays done.</param>
    /// <returns>What was found and done.</returns>
    /// <exception cref="ArgumentException">The file system refuses to allocate bytes of the range, or to write them (EINVAL).</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range reaches beyond the end of the file.</exception>
    /// <exception cref="MapRefusedException">
    /// It cannot be done here: the file system moves blocks by itself (btrfs without NOCOW, ...; the message says what to do), the data is
    /// compressed or encrypted, the medium is bad. Or somebody undid it again and again.
    /// </exception>
    /// <exception cref="LeaseConflictException">As for <see cref="PunchHole"/>.</exception>
    /// <exception cref="TimeoutException"><see cref="BreakOptions.Timeout"/> has passed. Nothing was
    /// changed; the break goes on.</exception>
    /// <exception cref="UnauthorizedAccessException">The file was opened for reading only (EBADF), or is immutable or
    /// append-only (EPERM).</exception>
    /// <exception cref="IOException">There is no space (ENOSPC), writing back failed (EIO), the file was truncated meanwhile
    /// or the file system does not say what is wrong (EFAULT), or a part lies beyond the process's RLIMIT_FSIZE (EFBIG).
    /// Contents are as they were.</exception>
    /// <exception cref="NotSupportedException">The kernel is older than 5.14 (EINVAL).</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public PrepareReport Prepare(PrepareOptions? options = null, CancellationToken cancellationToken = default)
    {
        PrepareWork work = _events.BeginPrepare(Path);
        PrepareReport report;
        try
        {
            report = PrepareUntold(options ?? new PrepareOptions(), cancellationToken);
        }
        catch (Exception exception)
        {
            work.End(exception);
            throw;
        }

        work.End(report.Range, report.Allocated, report.Converted, report.Unshared, report.Relocated);
        return report;
    }

    private PrepareReport PrepareUntold(PrepareOptions options, CancellationToken cancellationToken)
    {
        (Preparation preparation, FileRange range) = PlanPreparation(options);
        if (!preparation.IsNeeded(range))
        {
            return NothingToDo(preparation, range, options);
        }

        cancellationToken.ThrowIfCancellationRequested();
        LayoutChange change = Preparing(options, out StrongBox<PrepareReport> report, cancellationToken);
        _operations.Perform(change, options.Break);
        return report.Value!;
    }

    /// <param name="cancellationToken">
    /// Ends the wait for the holders (the break goes on), and the work between two pieces of at most 32 MiB. What is done by then stays
    /// done.
    /// </param>
    /// <inheritdoc cref="Prepare(PrepareOptions, CancellationToken)"/>
    /// <remarks>The wait for the holders does not hold a thread, and a pool thread does the work.</remarks>
    public async Task<PrepareReport> PrepareAsync(PrepareOptions? options = null, CancellationToken cancellationToken = default)
    {
        PrepareWork work = _events.BeginPrepare(Path); // Asynchronous, so that its activity does not become the caller's.
        PrepareReport report;
        try
        {
            report = await PrepareUntoldAsync(options ?? new PrepareOptions(), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            work.End(exception);
            throw;
        }

        work.End(report.Range, report.Allocated, report.Converted, report.Unshared, report.Relocated);
        return report;
    }

    private async Task<PrepareReport> PrepareUntoldAsync(PrepareOptions options, CancellationToken cancellationToken)
    {
        (Preparation preparation, FileRange range) = PlanPreparation(options);
        if (!await Task.Run(() => preparation.IsNeeded(range), cancellationToken).ConfigureAwait(false))
        {
            return NothingToDo(preparation, range, options);
        }

        LayoutChange change = Preparing(options, out StrongBox<PrepareReport> report, cancellationToken);
        await _operations.PerformAsync(change, options.Break, cancellationToken).ConfigureAwait(false);
        return report.Value!;
    }

    /// <summary>An operation as the others are. But it has more than one system call, and says itself what is wrong with them.</summary>
    private LayoutChange Preparing(PrepareOptions options, out StrongBox<PrepareReport> report, CancellationToken cancellationToken)
    {
        // The whole file is whatever it is by the time the right is had.
        FileRange range = options.Range is { } asked
            ? Rounding.Out(asked, File.FileSystem.LayoutUnitInPages)
            : FileRange.Whole;
        StrongBox<PrepareReport> made = report = new();
        return new(LayoutOperation.Prepare, range, "preparing", _ =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            made.Value = PrepareUnderRight(options, cancellationToken);
            return 0;
        });
    }

    /// <summary>Plans anew: who was waited for may have changed the length, and what was fit before.</summary>
    private PrepareReport PrepareUnderRight(PrepareOptions options, CancellationToken cancellationToken)
    {
        (Preparation preparation, FileRange range) = PlanPreparation(options);
        PrepareReport report = preparation.Run(range, options.Progress, cancellationToken);
        if (File.FileSystem.CopiesAhead)
        {
            // Where other parts still share blocks, mapping looks again.
            _ = CopyReservations.TryGiveBack(File.Handle, Path, CopyReservations.Count(File.Handle, Path, range));
        }

        return report;
    }

    private static PrepareReport NothingToDo(Preparation preparation, FileRange range, PrepareOptions options)
    {
        options.Progress?.Report(new PrepareProgress(range.Length, range.Length));
        return preparation.Report(range);
    }

    private (Preparation Preparation, FileRange Range) PlanPreparation(PrepareOptions options)
    {
        _ = _own.Request(LayoutOperation.Prepare, default, takesBlocksAway: false); // opened for writing, not disposed
        Statx.FileStatus status = File.Status;
        FileRange asked = options.Range ?? new FileRange(0, status.Size);
        if (asked.End > status.Size)
        {
            throw new ArgumentOutOfRangeException(nameof(options), asked, $"'{Path}' has {status.Size} bytes.");
        }

        Attributes.ThrowIfUnchangeable(status, Path, MappingAccess.ReadWrite);
        FileSystem fileSystem = File.FileSystem;
        BackingInfo backing = Attributes.Describe(fileSystem, status, MappingAccess.ReadWrite, emulationAllowed: true);
        FaultDecision decision = FaultPolicies.FrozenLayout.EvaluateBacking(backing);
        if (!decision.IsAllowed)
        {
            throw new MapRefusedException(Path, asked, decision.Reason, $"{decision.Detail}; nothing was changed");
        }

        long unit = fileSystem.LayoutUnitInPages;
        FileRange whole = asked.Length == 0 ? asked : Rounding.Out(asked, unit);
        FileRange range = new(whole.Offset, Math.Min(whole.End, status.Size) - whole.Offset);
        return (new Preparation(File, BlockMap, backing, unit, options.Rewrite), range);
    }
}
