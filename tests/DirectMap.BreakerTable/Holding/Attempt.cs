using DirectMap.BreakerTable.Others;
using DirectMap.BreakerTable.Rows;

namespace DirectMap.BreakerTable.Holding;

/// <summary>One making of a row: a file of its own, who is to change it, and who holds it.</summary>
internal sealed class Attempt : IDisposable
{
    /// <summary>How long a break's end, or a new proof of the level, may take.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly Terms _terms;
    private readonly IActor _actor;
    private Holder? _holder;

    private Attempt(Subject subject, IActor actor, Terms terms)
    {
        Subject = subject;
        _actor = actor;
        _terms = terms;
    }

    internal Subject Subject { get; }

    /// <summary>Why the operation is not made, or null.</summary>
    internal Findings? Unmade { get; private set; }

    /// <summary>Only where it can be made.</summary>
    internal Holder Holder => _holder!;

    /// <summary>Takes the subject and the actor, and disposes both.</summary>
    internal static Attempt Begin(Row row, Subject subject, IActor actor, Terms terms)
    {
        Attempt attempt = new(subject, actor, terms);
        try
        {
            attempt.Unmade = attempt.Arrange(row.IsBetweenLeases);
            return attempt;
        }
        catch
        {
            attempt.Dispose();
            throw;
        }
    }

    internal Operation Perform() => Operation.Begin(_actor, Holder);

    /// <summary>Holds the file anew after the operation has ended.</summary>
    /// <returns>The level of it. Where who made the operation is in the way as long as it has the file open, both.</returns>
    internal string LevelAnew()
    {
        if (Holder.File.Length == 0)
        {
            return Columns.Nothing; // There is nothing left to map.
        }

        string first = Outcome.ValueOf(Anew);
        if (first == _terms.Guard.Level.ToString())
        {
            return first;
        }

        _actor.Dispose();
        string then = Outcome.ValueOf(Anew);
        return then == first ? first : $"{first}, then {then}";
    }

    /// <summary>What the holder gets after the operation, and what the file gets of it.</summary>
    /// <param name="address">Of the mapping, to store past the region where that refuses it; 0 for not at all.</param>
    internal unsafe string[] Holdings(nint address = 0)
    {
        const int Offset = Subject.Begin;
        const long Value = 0x0123456789abcdef;
        MappedRegion region = Holder.Region;
        RegionState state = region.State;
        string read = Outcome.Of(() => region.Read<long>(Offset));
        if (region.Access == MappingAccess.Read)
        {
            return [read, Columns.Nothing, Columns.Nothing, region.State.ToString()];
        }

        string write = Outcome.Of(() => region.Write(Offset, Value));
        string persist = Outcome.Of(region.Persist);
        if (state == RegionState.Revoked && address != 0)
        {
            *(long*)address = Value; // In bounds and alive: a revoked region has other pages there until it is disposed.
        }

        bool isInTheFile = Subject.HasValue(Offset, Value);
        string stores = isInTheFile ? "in the file" : write == Outcome.Ok ? "lost" : "refused";
        return [read, persist, stores, region.State.ToString()];
    }

    public void Dispose()
    {
        _holder?.Dispose();
        _actor.Dispose();
        Subject.Dispose();
    }

    private string Anew()
    {
        Holder.LetGo();
        Holder.MapAgain(s_patience);
        return Holder.Region.Protection.Level.ToString();
    }

    private Findings? Arrange(bool isBetweenLeases)
    {
        if (!isBetweenLeases && _actor.Prepare(Subject) is { } lacks)
        {
            return new Findings(null, lacks);
        }

        string refused = Outcome.Of(() => _holder = Holder.Open(Subject.Path, _terms));
        if (_holder is null)
        {
            return NotGuarded(refused);
        }

        if (!isBetweenLeases)
        {
            return null;
        }

        _holder.LetGo();
        if (_actor.Prepare(Subject) is { } missing)
        {
            return new Findings(null, missing);
        }

        refused = Outcome.Of(() => _holder.MapAgain(s_patience));
        return refused == Outcome.Ok ? null : new Findings(Columns.Only($"not guarded again: {refused}"));
    }

    /// <summary>The row says what is had in place of the level, where it is only preferred.</summary>
    private Findings NotGuarded(string refused)
    {
        GuardOptions preferred = _terms.Guard with { Demand = GuardDemand.Preferred };
        string level = Outcome.ValueOf(() =>
        {
            using Holder holder = Holder.Open(Subject.Path, _terms with { Guard = preferred });
            return holder.Region.Protection.Level.ToString();
        });
        return new Findings(Columns.Only($"not guarded: {refused}; preferred: {level}"));
    }
}
