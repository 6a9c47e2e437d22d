namespace DirectMap.Leases;

/// <summary>
/// Breakers of one owner, found by how their ranges lie to another one (<see cref="RangeTreap{TNode}"/>). None of them is empty. Each
/// question takes O(log n) expected, and a list as many more as are found; only <see cref="Add"/> needs memory.
/// </summary>
internal sealed class BreakerRanges
{
    private RangeTreap<Place> _places;

    internal bool IsEmpty => _places.IsEmpty;

    internal void Add(Breaker breaker) => _places.Add(new Place(new Node(breaker)));

    internal void Remove(Breaker breaker) => _places.Remove(breaker.Range.Offset, breaker.Number);

    /// <summary>Whether one that is not the breaker itself contains its range.</summary>
    internal bool HasAround(Breaker breaker) => !_places.Any(new Around(breaker)).IsNone;

    /// <summary>
    /// Whether one touches the range and does not contain it. Only for breakers of which those that touch each other contain each other, as
    /// it is with rights that are held: then the innermost one around the first byte is the one that ends first.
    /// </summary>
    internal bool HasCrossing(FileRange range) => range.Length != 0
        && ((_places.Last(new AroundByte(range.Offset)).Node is { } innermost && innermost.Range.End < range.End) || HasBegunIn(range));

    /// <summary>Whether one touches the range.</summary>
    internal bool HasTouching(FileRange range) =>
        range.Length != 0 && (!_places.Last(new AroundByte(range.Offset)).IsNone || HasBegunIn(range));

    /// <summary>All whose ranges lie within a range.</summary>
    internal void CollectWithin(FileRange range, List<Breaker> into) => _places.First(new Within(range, into));

    /// <summary>Whether something holds of one of them.</summary>
    internal bool Exists(Predicate<Breaker> holds) => !_places.Any(new Holding(holds)).IsNone;

    /// <summary>Whether one begins behind the range's first byte.</summary>
    private bool HasBegunIn(FileRange range) => !_places.Any(new Begun(range.Offset + 1, range.End)).IsNone;

    /// <summary>A node, or none.</summary>
    private readonly struct Place(Node? node) : IRangeNode<Place>
    {
        internal Node? Node => node;

        public bool IsNone => node is null;

        public long Offset => node!.Range.Offset;

        public long Number => node!.Breaker.Number;

        public ref Place Left => ref node!.Left;

        public ref Place Right => ref node!.Right;

        public ref uint Priority => ref node!.Priority;

        public void Update()
        {
            long end = node!.Range.End, largest = end, smallest = end;
            if (node.Left.Node is { } left)
            {
                largest = Math.Max(largest, left.LargestEnd);
                smallest = Math.Min(smallest, left.SmallestEnd);
            }

            if (node.Right.Node is { } right)
            {
                largest = Math.Max(largest, right.LargestEnd);
                smallest = Math.Min(smallest, right.SmallestEnd);
            }

            node.LargestEnd = largest;
            node.SmallestEnd = smallest;
        }
    }

    private readonly struct Around(Breaker breaker) : IRangeSearch<Place>
    {
        public bool MayBeLeft(Place place) => MayBeIn(place.Node!.Left.Node);

        public bool MayBeRight(Place place) => place.Offset <= breaker.Range.Offset && MayBeIn(place.Node!.Right.Node);

        public bool Matches(Place place) => place.Offset <= breaker.Range.Offset && place.Node!.Range.End >= breaker.Range.End
            && !ReferenceEquals(place.Node.Breaker, breaker);

        private bool MayBeIn(Node? tree) => tree is not null && tree.LargestEnd >= breaker.Range.End;
    }

    /// <summary>One that begins at a byte or before it, and ends behind it; the last one is the innermost one.</summary>
    private readonly struct AroundByte(long offset) : IRangeSearch<Place>
    {
        public bool MayBeLeft(Place place) => MayBeIn(place.Node!.Left.Node);

        public bool MayBeRight(Place place) => place.Offset <= offset && MayBeIn(place.Node!.Right.Node);

        public bool Matches(Place place) => place.Offset <= offset && place.Node!.Range.End > offset;

        private bool MayBeIn(Node? tree) => tree is not null && tree.LargestEnd > offset;
    }

    /// <summary>One that begins at a byte or behind it, and before another one.</summary>
    private readonly struct Begun(long from, long before) : IRangeSearch<Place>
    {
        public bool MayBeLeft(Place place) => place.Offset >= from && !place.Left.IsNone;

        public bool MayBeRight(Place place) => place.Offset < before && !place.Right.IsNone;

        public bool Matches(Place place) => place.Offset >= from && place.Offset < before;
    }

    private readonly struct Within(FileRange range, List<Breaker> into) : IRangeSearch<Place>
    {
        public bool MayBeLeft(Place place) => place.Offset >= range.Offset && MayBeIn(place.Node!.Left.Node);

        public bool MayBeRight(Place place) => MayBeIn(place.Node!.Right.Node);

        public bool Matches(Place place)
        {
            Node node = place.Node!;
            if (node.Range.Offset >= range.Offset && node.Range.End <= range.End)
            {
                into.Add(node.Breaker);
            }

            return false;
        }

        private bool MayBeIn(Node? tree) => tree is not null && tree.SmallestEnd <= range.End;
    }

    private readonly struct Holding(Predicate<Breaker> holds) : IRangeSearch<Place>
    {
        public bool MayBeLeft(Place place) => !place.Left.IsNone;

        public bool MayBeRight(Place place) => !place.Right.IsNone;

        public bool Matches(Place place) => holds(place.Node!.Breaker);
    }

    /// <summary>A breaker's place here: its own links are those of <see cref="BreakerIndex"/>.</summary>
    private sealed class Node(Breaker breaker)
    {
        internal Place Left;
        internal Place Right;
        internal long LargestEnd; // of its tree's ranges
        internal long SmallestEnd;
        internal uint Priority;

        internal Breaker Breaker { get; } = breaker;

        internal FileRange Range => Breaker.Range;
    }
}
