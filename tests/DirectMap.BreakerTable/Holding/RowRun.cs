using System.Diagnostics;
using DirectMap.BreakerTable.Others;
using DirectMap.BreakerTable.Rows;

namespace DirectMap.BreakerTable.Holding;

/// <summary>Makes rows in one folder, under one level.</summary>
/// <param name="folder">Where.</param>
/// <param name="level">Which.</param>
/// <param name="breaker">Who changes the files.</param>
/// <param name="reader">Who has each file open for reading since before it is guarded; null for nobody.</param>
internal sealed class RowRun(string folder, ProtectionLevel level, NativeBreaker breaker, NativeBreaker? reader)
{
    /// <summary>How long is waited for what the page says is told, so that a slow machine's table says "late" and not "no".</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>How long an operation that was told is held up before it counts as waiting.</summary>
    private static readonly TimeSpan s_held = TimeSpan.FromMilliseconds(20);

    /// <summary>The break time where the holder does nothing.</summary>
    private static readonly TimeSpan s_breakTime = TimeSpan.FromMilliseconds(120);

    private static readonly DirectFileFactory s_patient = FactoryOf("patient", TimeSpan.FromSeconds(30));
    private static readonly DirectFileFactory s_deaf = FactoryOf("deaf", s_breakTime);

    private readonly Terms _willing = new(s_patient, GuardOptions.Required(level) with { Response = TrespassResponse.Tell });
    private int _made;

    /// <summary>By what the file is guarded; or, where the level cannot be had, what the library says first of why.</summary>
    internal (string? Engine, string? Obstacle) Level()
    {
        using Subject subject = NewSubject();
        try
        {
            using Holder holder = Holder.Open(subject.Path, _willing);
            return (holder.Region.Protection.Engine.ToString(), null);
        }
        catch (Exception exception) when (exception is NotSupportedException or IOException)
        {
            return (null, exception.Message.Replace($"'{subject.Path}': ", "", StringComparison.Ordinal).Split(';')[0]);
        }
    }

    /// <summary>
    /// First where the holder lets go when it is told of a break, and is only told of a trespass. Then, after a break, where it does
    /// nothing; or, after a trespass, where it wants to be revoked. Last with an exclusive lease, where others can be held up.
    /// </summary>
    internal Findings Make(Row row, bool isExpected)
    {
        if (row.NeedsRoot && !Environment.IsPrivilegedProcess)
        {
            return new Findings(Columns.Only("needs root"));
        }

        try
        {
            return InAllWays(row, isExpected);
        }
        catch (TimeoutException)
        {
            return new Findings(Columns.Only(Operation.DoesNotReturn)); // The thread goes on when the file is let go.
        }
    }

    private Findings InAllWays(Row row, bool isExpected)
    {
        Findings findings = Willing(row, isExpected, out bool isMade);
        if (findings.Cells is not { } cells || !isMade || cells[Columns.Result] == Operation.DoesNotReturn)
        {
            return findings;
        }

        if (cells[Columns.AtRelease] != Columns.Nothing)
        {
            Deaf(row, cells);
        }
        else if (findings.IsTrespass)
        {
            cells[Columns.WhereItRevokes] = WhereItRevokes(row, isExpected);
        }

        if (CanWait(row))
        {
            cells[Columns.Denied] = Denied(row, cells[Columns.Result]);
        }

        return findings;
    }

    /// <summary>Whether there is anything at this level that makes it wait.</summary>
    private bool CanWait(Row row) => level >= ProtectionLevel.NoWriters || row.Kind == RowKind.Asks;

    private Findings Willing(Row row, bool isExpected, out bool isMade)
    {
        using Attempt attempt = NewAttempt(row, _willing);
        isMade = attempt.Unmade is null;
        if (attempt.Unmade is { } unmade)
        {
            return unmade;
        }

        Content before = Content.Of(attempt.Holder, attempt.Subject);
        Sighting sighting = Watch(attempt, isExpected);
        if (row.IsTwice && sighting.Told is not null)
        {
            if (sighting.IsHeldUp)
            {
                attempt.Holder.MapAgain(s_patience);
            }

            sighting = Watch(attempt, isExpected);
        }

        if (sighting.Deed.Lacks is { } lacks)
        {
            return new Findings(null, lacks);
        }

        string[] cells = Columns.Only(sighting.Deed.Result);
        cells[Columns.Told] = sighting.IsTold;
        cells[Columns.OfWhom] = sighting.OfWhom;
        before.Compare(Content.Of(attempt.Holder, attempt.Subject)).CopyTo(cells, Columns.Bytes);
        cells[Columns.Waits] = CanWait(row) ? sighting.Waits : Columns.Nothing;
        if (sighting.IsHeldUp)
        {
            cells[Columns.AtRelease] = sighting.AtRelease;
            cells[Columns.LevelThen] = attempt.LevelAnew();
        }
        else
        {
            cells[Columns.LevelThen] = attempt.Holder.Region.Protection.Level.ToString();
            attempt.Holdings().CopyTo(cells, Columns.NextAccess);
        }

        return new Findings(cells, null, sighting.Delay, sighting.Told?.Trespass is not null);
    }

    /// <summary>The operation, and what is told of it. Where it waits, the holder lets go after a while.</summary>
    private static Sighting Watch(Attempt attempt, bool isExpected)
    {
        attempt.Holder.Forget();
        Operation operation = attempt.Perform();
        Told? told = attempt.Holder.Wait(s_patience, operation);
        long held = 0, released = 0;
        if (told?.Trespass is null && !operation.HasReturned && !operation.Wait(s_held))
        {
            held = Stopwatch.GetTimestamp();
            attempt.Holder.LetGo();
            released = Stopwatch.GetTimestamp();
        }

        Deed deed = operation.Finish();
        told ??= attempt.Holder.Wait(isExpected ? s_patience : Sighting.Promised);
        return new Sighting(deed, told, held, released);
    }

    /// <summary>The holder does nothing, so it is revoked at the deadline.</summary>
    private void Deaf(Row row, string[] cells)
    {
        using Attempt attempt = NewAttempt(row, _willing with { Factory = s_deaf });
        if (attempt.Unmade is { } unmade)
        {
            cells[Columns.AtDeadline] = unmade.Lacks ?? unmade.Cells![Columns.Result];
            return;
        }

        nint address = attempt.Holder.Address();
        Operation operation = attempt.Perform();
        Told? told = attempt.Holder.Wait(s_patience, operation);
        Sighting sighting = new(operation.Finish(), told, 0, 0);
        cells[Columns.AtDeadline] = sighting.Deed.Result == cells[Columns.Result]
            ? sighting.AtDeadline(s_breakTime)
            : sighting.Deed.Result;
        attempt.Holdings(address).CopyTo(cells, Columns.NextAccess);
    }

    /// <summary>A revocation after a trespass is made on a thread of its own after it was told.</summary>
    private string WhereItRevokes(Row row, bool isExpected)
    {
        using Attempt attempt = NewAttempt(
            row, _willing with { Guard = _willing.Guard with { Response = TrespassResponse.ByDemand } });
        if (attempt.Unmade is { } unmade)
        {
            return unmade.Lacks ?? unmade.Cells![Columns.Result];
        }

        _ = Watch(attempt, isExpected);
        MappedRegion region = attempt.Holder.Region;
        SpinWait.SpinUntil(() => region.State == RegionState.Revoked, s_patience);
        string read = Outcome.Of(() => region.Read<long>(Subject.Begin));
        string write = Outcome.Of(() => region.Write(Subject.Begin, 1L));
        return read == write ? read : $"{read}, {write}";
    }

    /// <param name="row">Which.</param>
    /// <param name="result">What it returns where it is not denied.</param>
    private string Denied(Row row, string result)
    {
        using Attempt attempt = NewAttempt(row, _willing with { Mode = LeaseMode.Exclusive });
        if (attempt.Unmade is { } unmade)
        {
            return unmade.Lacks ?? unmade.Cells![Columns.Result];
        }

        Content before = Content.Of(attempt.Holder, attempt.Subject);
        Sighting sighting = Watch(attempt, isExpected: false);
        if (sighting.IsHeldUp || sighting.Deed.Result == result)
        {
            return sighting.IsHeldUp ? "waits" : Columns.No;
        }

        RegionState state = attempt.Holder.Region.State;
        bool isSame = before.Compare(Content.Of(attempt.Holder, attempt.Subject)) is [Columns.Same, Columns.Same];
        return sighting.Deed.Result + (isSame ? "" : ", and changed") + (sighting.Told is null ? "" : ", and told")
            + (state == RegionState.Active ? "" : $", and {state}");
    }

    private static DirectFileFactory FactoryOf(string name, TimeSpan breakTime) =>
        new(new DirectMapOptions { Name = name, LeaseBreakTime = breakTime });

    private Attempt NewAttempt(Row row, Terms terms) => Attempt.Begin(row, NewSubject(), row.Actor(breaker), terms);

    private Subject NewSubject()
    {
        Subject subject = new(Path.Combine(folder, $"row-{++_made}"));
        reader?.End();
        return reader?.Prepare("reader-pread", subject.Path, subject) is { } lacks ? throw new IOException(lacks) : subject;
    }
}
