using System.Diagnostics;
using DirectMap.BreakerTable.Others;
using DirectMap.BreakerTable.Rows;

namespace DirectMap.BreakerTable.Holding;

/// <summary>Makes rows in one folder, under one level.</summary>
internal sealed class RowRun(string folder, ProtectionLevel level, BreakerProcess breaker)
{
    /// <summary>What the page promises.</summary>
    private static readonly TimeSpan s_promised = TimeSpan.FromMilliseconds(50);

    /// <summary>How long is waited for what the page says is told, so that a slow machine's table says "late" and not "no".</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private int _made;

    /// <summary>By what the file is guarded; or, where the level cannot be had, what the library says first of why.</summary>
    internal (string? Engine, string? Obstacle) Level()
    {
        using Subject subject = NewSubject();
        try
        {
            using Holder holder = Holder.Open(subject.Path, GuardOptions.Required(level));
            return (holder.Region.Protection.Engine.ToString(), null);
        }
        catch (NotSupportedException exception)
        {
            return (null, exception.Message.Replace($"'{subject.Path}': ", "", StringComparison.Ordinal).Split(';')[0]);
        }
    }

    /// <summary>First where a trespass is only told, then, where it was, what the holder gets that wants to be revoked.</summary>
    internal Findings Make(Row row, bool isExpected)
    {
        if (row.NeedsRoot && !Environment.IsPrivilegedProcess)
        {
            return new Findings(Columns.Only("needs root"));
        }

        Findings told = Once(row, TrespassResponse.Tell, isExpected);
        if (told.Cells is null || told.Delay is null)
        {
            return told;
        }

        Findings revoked = Once(row, TrespassResponse.ByDemand, isExpected);
        return told with
        {
            Cells = told.Cells.Select((cell, at) => at != Columns.WhereItRevokes ? cell
            : revoked.Cells is { } cells ? cells[at] : revoked.Lacks!).ToArray()
        };
    }

    private Findings Once(Row row, TrespassResponse response, bool isExpected)
    {
        using Subject subject = NewSubject();
        using IActor actor = row.Actor(breaker);
        if (!row.IsBetweenLeases && actor.Prepare(subject) is { } lacks)
        {
            return new Findings(null, lacks);
        }

        using Holder holder = Holder.Open(subject.Path, GuardOptions.Required(level) with { Response = response });
        if (row.IsBetweenLeases)
        {
            holder.LetGo();
            if (actor.Prepare(subject) is { } missing)
            {
                return new Findings(null, missing);
            }

            holder.MapAgain();
        }

        Content before = Content.Of(holder, subject);
        holder.Forget();
        Findings findings = Watch(actor, holder, isExpected);
        if (row.IsTwice && response == TrespassResponse.Tell && findings.Delay is not null)
        {
            holder.Forget();
            findings = Watch(actor, holder, isExpected);
        }

        if (findings.Cells is null)
        {
            return findings;
        }

        string[] rest = response == TrespassResponse.Tell
            ? [.. before.Compare(Content.Of(holder, subject)), .. Holdings(holder, subject), Columns.Nothing]
            : [.. Enumerable.Repeat(Columns.Nothing, Columns.WhereItRevokes - findings.Cells.Length), AfterRevocation(holder)];
        string[] cells = [.. findings.Cells, .. rest];
        return findings with { Cells = [.. cells, .. Enumerable.Repeat(Columns.Nothing, Columns.Names.Count - cells.Length)] };
    }

    /// <summary>The operation, and whether it is told.</summary>
    private static Findings Watch(IActor actor, Holder holder, bool isExpected)
    {
        Deed deed = actor.Perform(holder);
        if (deed.Lacks is not null)
        {
            return new Findings(null, deed.Lacks);
        }

        long done = Stopwatch.GetTimestamp();
        Told? told = holder.Wait(isExpected ? s_patience : s_promised);
        if (told is null)
        {
            return new Findings([deed.Result, "no", Columns.Nothing]);
        }

        TimeSpan delay = Stopwatch.GetElapsedTime(Math.Min(done, told.Timestamp), told.Timestamp);
        return new Findings([deed.Result, delay <= s_promised ? "yes" : "late", Who(told.Trespass, deed.ProcessId)], null, delay);
    }

    private static string Who(Trespass trespass, int actor) => trespass.Origin switch
    {
        TrespassOrigin.ThisProcess => "this process",
        TrespassOrigin.OtherProcess when trespass.ProcessId is not { } id => "another process",
        TrespassOrigin.OtherProcess when trespass.ProcessId == actor => "its pid",
        TrespassOrigin.OtherProcess => "a wrong pid",
        _ => "not known",
    };

    /// <summary>What the holder gets, and what the file gets of it.</summary>
    private static string[] Holdings(Holder holder, Subject subject)
    {
        const int Offset = Subject.Begin;
        const long Value = 0x0123456789abcdef;
        MappedRegion region = holder.Region;
        string read = Outcome.Of(() => region.Read<long>(Offset));
        string write = Outcome.Of(() => region.Write(Offset, Value));
        string persist = Outcome.Of(region.Persist);
        string stores = write != Outcome.Ok ? "refused" : subject.HasValue(Offset, Value) ? "in the file" : "lost";
        return [read, persist, stores, region.State.ToString()];
    }

    /// <summary>A revocation is made on a thread of its own after it was told.</summary>
    private static string AfterRevocation(Holder holder)
    {
        MappedRegion region = holder.Region;
        SpinWait.SpinUntil(() => region.State == RegionState.Revoked, s_patience);
        string read = Outcome.Of(() => region.Read<long>(Subject.Begin));
        string write = Outcome.Of(() => region.Write(Subject.Begin, 1L));
        return read == write ? read : $"{read}, {write}";
    }

    private Subject NewSubject() => new(Path.Combine(folder, $"row-{++_made}"));
}
