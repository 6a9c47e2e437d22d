using DirectMap.Leases;
using FsCheck;
using FsCheck.Fluent;

namespace DirectMap.Tests.Leases;

/// <summary>The treap under the indexes of leases and breakers finds what a sorted list finds, whatever the ranges are.</summary>
public sealed class RangeTreapTests
{
    /// <summary>Where ranges begin and end besides anywhere in a small file: at the edges of what there can be.</summary>
    private static readonly long[] s_edges = [0, 1, 2, long.MaxValue / 2, long.MaxValue - 2, long.MaxValue - 1, long.MaxValue];

    [Fact]
    public void It_finds_what_a_sorted_list_finds() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed => Compare(new Random(seed)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void One_that_is_empty_finds_nothing()
    {
        RangeTreap<Node> treap = default;

        Assert.True(treap.IsEmpty);
        Assert.True(treap.First(new Touching(FileRange.Whole)).IsNone);
        Assert.True(treap.Last(new Touching(FileRange.Whole)).IsNone);
        Assert.True(treap.Any(new Touching(FileRange.Whole)).IsNone);
    }

    [Fact]
    public void What_is_not_there_cannot_be_removed()
    {
        RangeTreap<Node> treap = default;
        Item item = new(new FileRange(5, 5), number: 7);
        treap.Add(new Node(item));

        Assert.Throws<InvalidOperationException>(() => treap.Remove(new Node(new Item(item.Range, number: 6))));
        Assert.Throws<InvalidOperationException>(() => treap.Remove(4, 8));
        treap.Remove(new Node(item));
        Assert.Throws<InvalidOperationException>(() => treap.Remove(new Node(item)));
        Assert.True(treap.IsEmpty);
    }

    [Fact]
    public void A_node_that_was_removed_refers_to_none()
    {
        RangeTreap<Node> treap = default;
        Item[] items = [.. Enumerable.Range(0, 100).Select(i => new Item(new FileRange(i, 10), i))];
        foreach (IEnumerable<Item> order in new[] { items, items.Reverse() })
        {
            Array.ForEach(items, item => treap.Add(new Node(item)));
            foreach (Item item in order)
            {
                treap.Remove(new Node(item));
            }

            Assert.All(items, item => Assert.True(item.Left.IsNone && item.Right.IsNone));
        }
    }

    /// <summary>By its place it is found without the node, so nobody clears what it refers to; the next Add does.</summary>
    [Fact]
    public void What_was_removed_by_its_place_can_be_added_anew()
    {
        RangeTreap<Node> treap = default;
        Item[] items = [.. Enumerable.Range(0, 100).Select(i => new Item(new FileRange(i, 10), i))];
        Array.ForEach(items, item => treap.Add(new Node(item)));
        foreach (Item item in items.OrderBy(item => item.Number * 37 % 100))
        {
            treap.Remove(item.Range.Offset, item.Number);
        }

        Assert.Contains(items, item => !item.Left.IsNone);
        Assert.Contains(items, item => !item.Right.IsNone);

        for (int count = 1; count <= items.Length; count++)
        {
            treap.Add(new Node(items[count - 1]));
            Assert.Equal(items[..count], Collected(treap, new Touching(null)));
        }
    }

    /// <summary>Counted, since time says little: 4096 ranges are 12 levels at best, and a treap has some 30.</summary>
    [Theory]
    [InlineData("ascending")]
    [InlineData("descending")]
    [InlineData("all at one offset")]
    public void In_whatever_order_they_came_a_search_looks_at_few(string order)
    {
        const int Count = 4096;
        RangeTreap<Node> treap = default;
        Item[] items = [.. Enumerable.Range(0, Count).Select(i => new Item(
            order == "all at one offset" ? new FileRange(1, i + 1) : new FileRange(1 + (order == "ascending" ? i : Count - 1 - i), 1), i))];
        Array.ForEach(items, item => treap.Add(new Node(item)));
        for (int at = 0; at < Count; at += 63)
        {
            FileRange range = new(order == "all at one offset" ? Count : 1 + at, 1);
            Counter counter = new();
            Assert.False(treap.First(new Counting(new Touching(range), counter)).IsNone);
            Assert.False(treap.Last(new Counting(new Touching(range), counter)).IsNone);
            Assert.False(treap.Any(new Counting(new Touching(range), counter)).IsNone);
            Assert.InRange(counter.Nodes, 1, 100);
        }

        Assert.InRange(LooksInVain(new FileRange(0, 1)), 1, 100);
        Assert.Equal(1, LooksInVain(FileRange.From(Count + 1))); // behind all, which the root knows

        int LooksInVain(FileRange range)
        {
            Counter counter = new();
            Assert.True(treap.First(new Counting(new Touching(range), counter)).IsNone);
            Assert.True(treap.Last(new Counting(new Touching(range), counter)).IsNone);
            Assert.True(treap.Any(new Counting(new Touching(range), counter)).IsNone);
            return counter.Nodes;
        }
    }

    private static void Compare(Random random)
    {
        RangeTreap<Node> treap = default;
        List<Item> list = [];
        for (int step = 0; step < 200; step++)
        {
            if (list.Count != 0 && random.Next(5) < 2)
            {
                Item removed = list[random.Next(list.Count)];
                list.Remove(removed);
                treap.Remove(new Node(removed));
            }
            else
            {
                Item added = new(Range(random), random.Next(2) == 0 ? step : 1_000_000 - step);
                list.Add(added);
                list.Sort(static (one, other) => (one.Range.Offset, one.Number).CompareTo((other.Range.Offset, other.Number)));
                treap.Add(new Node(added));
            }

            FileRange range = Range(random);
            List<Item> expected = list.FindAll(item => item.Range.Overlaps(range));
            Assert.Same(expected.FirstOrDefault(), treap.First(new Touching(range)).Item);
            Assert.Same(expected.LastOrDefault(), treap.Last(new Touching(range)).Item);
            Item? any = treap.Any(new Touching(range)).Item;
            Assert.True(any is null ? expected.Count == 0 : expected.Contains(any), $"step {step}: {any} in {range}");
            Assert.Equal(expected, Collected(treap, new Touching(range)));
            Assert.Equal(list, Collected(treap, new Touching(null)));
            Assert.Equal(list.Count == 0, treap.IsEmpty);
            Assert.All(list, AssertKnowsWhatIsBelow);
        }
    }

    /// <summary>No less, or a search would pass by what it looks for, and no more, or it would look in vain.</summary>
    private static void AssertKnowsWhatIsBelow(Item item)
    {
        long largest = item.Range.End;
        foreach (Item below in new[] { item.Left.Item, item.Right.Item }.OfType<Item>())
        {
            Assert.True(below.Priority <= item.Priority, $"{below} is below {item}");
            largest = Math.Max(largest, below.LargestEnd);
        }

        Assert.Equal(largest, item.LargestEnd);
    }

    private static List<Item> Collected(in RangeTreap<Node> treap, Touching search)
    {
        List<Item> into = [];
        Assert.True(treap.First(new Collecting(search, into)).IsNone);
        return into;
    }

    /// <summary>Few offsets, so that many are the same; some of no length, and some up to the last byte that there can be.</summary>
    private static FileRange Range(Random random)
    {
        long one = Edge(), other = random.Next(4) == 0 ? one : Edge();
        return new FileRange(Math.Min(one, other), Math.Abs(one - other));

        long Edge() => random.Next(3) == 0 ? s_edges[random.Next(s_edges.Length)] : random.Next(30);
    }

    private sealed class Item(FileRange range, long number)
    {
        internal Node Left;
        internal Node Right;
        internal uint Priority;
        internal long LargestEnd;

        internal FileRange Range => range;

        internal long Number => number;

        public override string ToString() => $"{range} number {number}";
    }

    private readonly struct Node(Item? item) : IRangeNode<Node>
    {
        internal Item? Item => item;

        public bool IsNone => item is null;

        public long Offset => item!.Range.Offset;

        public long Number => item!.Number;

        public ref Node Left => ref item!.Left;

        public ref Node Right => ref item!.Right;

        public ref uint Priority => ref item!.Priority;

        public void Update() => item!.LargestEnd = Math.Max(
            item.Range.End, Math.Max(item.Left.Item?.LargestEnd ?? 0, item.Right.Item?.LargestEnd ?? 0));
    }

    /// <summary>What touches a range; null: all.</summary>
    private readonly struct Touching(FileRange? range) : IRangeSearch<Node>
    {
        public bool MayBeLeft(Node node) => MayBeIn(node.Left);

        public bool MayBeRight(Node node) => (range is null || node.Offset < range.Value.End) && MayBeIn(node.Right);

        public bool Matches(Node node) => range is null || node.Item!.Range.Overlaps(range.Value);

        private bool MayBeIn(Node tree) => !tree.IsNone && (range is null || tree.Item!.LargestEnd > range.Value.Offset);
    }

    private sealed class Counter
    {
        private readonly HashSet<long> _seen = [];

        internal int Nodes => _seen.Count;

        internal bool Look(Node node)
        {
            _seen.Add(node.Number);
            return true;
        }
    }

    /// <summary>As another search, and counts the nodes that it looks at.</summary>
    private readonly struct Counting(Touching search, Counter counter) : IRangeSearch<Node>
    {
        public bool MayBeLeft(Node node) => counter.Look(node) && search.MayBeLeft(node);

        public bool MayBeRight(Node node) => counter.Look(node) && search.MayBeRight(node);

        public bool Matches(Node node) => counter.Look(node) && search.Matches(node);
    }

    private readonly struct Collecting(Touching search, List<Item> into) : IRangeSearch<Node>
    {
        public bool MayBeLeft(Node node) => search.MayBeLeft(node);

        public bool MayBeRight(Node node) => search.MayBeRight(node);

        public bool Matches(Node node)
        {
            if (search.Matches(node))
            {
                into.Add(node.Item!);
            }

            return false;
        }
    }
}
