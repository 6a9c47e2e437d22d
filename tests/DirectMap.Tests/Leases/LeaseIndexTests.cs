using DirectMap.Leases;
using FsCheck;
using FsCheck.Fluent;

namespace DirectMap.Tests.Leases;

/// <summary>The index of leases by range finds what a list finds.</summary>
public sealed class LeaseIndexTests
{
    private static readonly object[] s_owners = [new(), new(), new()];

    [Fact]
    public void It_finds_what_a_search_from_the_front_finds() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed => Compare(new Random(seed)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void With_65536_leases_it_stays_shallow_in_whatever_order_they_come()
    {
        foreach (Func<int, long> offset in (Func<int, long>[])[i => i, i => 65_536 - i, _ => 0])
        {
            LeaseIndex index = default;
            LeaseRecord[] leases = [.. Enumerable.Range(0, 65_536).Select(i => Record(offset(i) * 10, 10, s_owners[0], i))];
            Array.ForEach(leases, lease => index.Add(lease));

            LeaseRecord root = leases.Except(
                leases.SelectMany(lease => (LeaseRecord?[])[lease.Left.Lease, lease.Right.Lease]).OfType<LeaseRecord>()).Single();
            Assert.InRange(Depth(root), 16, 64); // 17 would be perfect, 65,536 a list
        }

        static int Depth(LeaseRecord? node) => node is null ? 0 : 1 + Math.Max(Depth(node.Left.Lease), Depth(node.Right.Lease));
    }

    private static void Compare(Random random)
    {
        LeaseIndex index = default;
        List<LeaseRecord> list = [];
        for (int step = 0; step < 200; step++)
        {
            if (list.Count != 0 && random.Next(5) < 2)
            {
                LeaseRecord removed = list[random.Next(list.Count)];
                list.Remove(removed);
                index.Remove(removed);
            }
            else
            {
                LeaseRecord added = Record(random.Next(50), random.Next(20), s_owners[random.Next(3)], step);
                list.Add(added);
                index.Add(added);
            }

            LeaseFilter filter = LeaseFilter.OfOthers(new FileRange(random.Next(60), random.Next(30)), s_owners[random.Next(3)]);
            List<LeaseRecord> found = [];
            index.Collect(filter, found);
            HashSet<LeaseRecord> expected = [.. list.Where(lease => filter.Matches(lease))];
            Assert.True(
                expected.SetEquals(found) && expected.Count == found.Count, $"step {step}: {found.Count} found, {expected.Count} expected");
            LeaseRecord? first = index.Find(filter);
            Assert.True(first is null ? expected.Count == 0 : expected.Contains(first), $"step {step}: found {first}");
            List<LeaseRecord> all = [];
            index.CollectAll(all);
            Assert.Equal(list.OrderBy(lease => lease.Range.Offset).ThenBy(lease => lease.Number), all);
        }
    }

    private static LeaseRecord Record(long offset, long length, object owner, long number) =>
        new(new LeaseRequest { File = CoordinatorTest.TheFile, Owner = owner, Range = new FileRange(offset, length) }, 0, null)
        {
            Number = number
        };
}
