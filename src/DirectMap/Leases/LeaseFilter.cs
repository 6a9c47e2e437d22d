namespace DirectMap.Leases;

/// <summary>Which leases of a file are looked for: those that touch a range and stand in some relation to an owner.</summary>
internal readonly struct LeaseFilter : IRangeSearch<LeaseNode>
{
    private readonly object? _owner;
    private readonly Relation _relation;

    private LeaseFilter(FileRange range, object? owner, Relation relation)
    {
        Range = range;
        _owner = owner;
        _relation = relation;
    }

    private enum Relation
    {
        Any,
        OfOwner,
        OfOthers,
        ExclusiveOfOthers,
        MappedByOwner,
    }

    internal FileRange Range { get; }

    internal static LeaseFilter Touching(FileRange range) => new(range, null, Relation.Any);

    internal static LeaseFilter OfOwner(object owner) => new(FileRange.Whole, owner, Relation.OfOwner);

    internal static LeaseFilter OfOthers(FileRange range, object owner) => new(range, owner, Relation.OfOthers);

    internal static LeaseFilter ExclusiveOfOthers(FileRange range, object owner) => new(range, owner, Relation.ExclusiveOfOthers);

    /// <summary>Those of the owner with a mapping that the range touches. (A mapping lies within its lease.)</summary>
    internal static LeaseFilter MappedBy(FileRange range, object owner) => new(range, owner, Relation.MappedByOwner);

    // If something on the left reaches the range and nothing there matches, then what reaches it begins behind it, and so does everything
    // on the right: one path is walked.
    public bool MayBeLeft(LeaseNode node) => node.Lease!.LeftEnd > Range.Offset;

    public bool MayBeRight(LeaseNode node) => node.Offset < Range.End && node.Lease!.RightEnd > Range.Offset;

    public bool Matches(LeaseNode node) => Matches(node.Lease!);

    internal bool Matches(LeaseRecord lease) => lease.Range.Overlaps(Range) && _relation switch
    {
        Relation.OfOwner => lease.Owner == _owner,
        Relation.OfOthers => lease.Owner != _owner,
        Relation.ExclusiveOfOthers => lease.Owner != _owner && lease.Mode == LeaseMode.Exclusive,
        Relation.MappedByOwner => lease.Owner == _owner && lease.Mapped.Overlaps(Range),
        _ => true,
    };
}
