using System.Runtime.CompilerServices;
using DirectMap.BlockMaps;
using DirectMap.FileSystems;
using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Linux;
using DirectMap.Telemetry;

namespace DirectMap.Files;

/// <summary>
/// How one file is made fit for direct mapping: it is looked at first, and its leases are broken only where something is to be done. What
/// is done then is <see cref="Preparation"/>. Safe for any thread.
/// </summary>
internal sealed class FilePreparation(OwnedFile own, LayoutOperations operations, FileExtents extents, FileEvents events)
{
    /// <inheritdoc cref="DirectFile.Prepare"/>
    internal PrepareReport Prepare(PrepareOptions options, CancellationToken cancellationToken)
    {
        _ = Patience.Checked(options.Break);
        PrepareWork work = events.BeginPrepare(own.Path);
        PrepareReport report;
        try
        {
            report = PrepareCore(options, cancellationToken);
        }
        catch (Exception exception)
        {
            work.End(exception);
            throw;
        }

        work.End(report.Range, report.Allocated, report.Converted, report.Unshared, report.Relocated);
        return report;
    }

    private PrepareReport PrepareCore(PrepareOptions options, CancellationToken cancellationToken)
    {
        (Preparation preparation, FileRange range) = PlanPreparation(options);
        if (!preparation.IsNeeded(range))
        {
            return NothingToDo(preparation, range, options);
        }

        cancellationToken.ThrowIfCancellationRequested();
        LayoutChange change = Preparing(options, out StrongBox<PrepareReport> report, cancellationToken);
        operations.Perform(change, options.Break);
        return report.Value!;
    }

    /// <inheritdoc cref="DirectFile.PrepareAsync"/>
    internal Task<PrepareReport> PrepareAsync(PrepareOptions options, CancellationToken cancellationToken)
    {
        _ = Patience.Checked(options.Break);
        own.ThrowIfClosed();
        if (!Rounding.IsOpenEnded(options.Range) && TryGetLength() is { } length)
        {
            ThrowIfBeyondEnd(options, options.Range, length);
        }

        return PrepareCheckedAsync(options, cancellationToken);
    }

    private async Task<PrepareReport> PrepareCheckedAsync(PrepareOptions options, CancellationToken cancellationToken)
    {
        PrepareWork work = events.BeginPrepare(own.Path); // Asynchronous, so that its activity does not become the caller's.
        PrepareReport report;
        try
        {
            report = await PrepareUntoldAsync(options, cancellationToken).ConfigureAwait(false);
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
        await operations.PerformAsync(change, options.Break, cancellationToken).ConfigureAwait(false);
        return report.Value!;
    }

    /// <summary>An operation as the others are. But it has more than one system call, and says itself what is wrong with them.</summary>
    private LayoutChange Preparing(PrepareOptions options, out StrongBox<PrepareReport> report, CancellationToken cancellationToken)
    {
        // Where it ends with the file, the end is wherever it is by the time the right is had.
        FileRange range = Rounding.Out(options.Range, own.File.FileSystem.LayoutUnitInPages);
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
        if (own.File.FileSystem.CopiesAhead)
        {
            // Where other parts still share blocks, mapping looks again.
            _ = CopyReservations.TryGiveBack(own.File.Handle, own.Path, CopyReservations.Count(own.File.Handle, own.Path, range));
        }

        return report;
    }

    private static PrepareReport NothingToDo(Preparation preparation, FileRange range, PrepareOptions options)
    {
        options.Progress?.Report(new PrepareProgress(range.Length, range.Length));
        return preparation.Report(range);
    }

    /// <summary>Null where it cannot be had, which is said where it is needed.</summary>
    private long? TryGetLength() => own.File.TryGetLength(out long length) == 0 ? length : null;

    private void ThrowIfBeyondEnd(PrepareOptions options, FileRange asked, long length)
    {
        if (asked.End > length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options),
                asked,
                $"{nameof(PrepareOptions)}.{nameof(PrepareOptions.Range)} is {asked}, and '{own.Path}' has {length} bytes: "
                    + $"{nameof(DirectFile.SetLength)} gives it more.");
        }
    }

    private (Preparation Preparation, FileRange Range) PlanPreparation(PrepareOptions options)
    {
        _ = own.Request(LayoutOperation.Prepare, default, takesBlocksAway: false); // opened for writing, not disposed
        Statx.FileStatus status = own.File.Status;
        FileRange asked = Rounding.UpTo(options.Range, status.Size);
        ThrowIfBeyondEnd(options, asked, status.Size);
        FileDescription.ThrowIfUnchangeable(status, own.Path, MappingAccess.ReadWrite);
        FileSystem fileSystem = own.File.FileSystem;
        FileFacts backing = FileDescription.Describe(fileSystem, status, MappingAccess.ReadWrite, MapMode.DirectOrEmulated);
        PolicyDecision decision = FaultPolicies.FrozenLayout.EvaluateFile(backing);
        if (!decision.IsAllowed)
        {
            throw new MapRefusedException
            {
                Path = own.Path,
                Range = asked,
                Reason = decision.Reason,
                Detail = $"{decision.Detail}; nothing was changed"
            };
        }

        long unit = fileSystem.LayoutUnitInPages;
        FileRange whole = asked.Length == 0 ? asked : Rounding.Out(asked, unit);
        FileRange range = new(whole.Offset, Math.Min(whole.End, status.Size) - whole.Offset);
        return (new Preparation(own.File, extents.Map, backing, unit, options.Rewrite), range);
    }
}
