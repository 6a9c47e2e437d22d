using DirectMap.Durability;
using DirectMap.Inodes;

namespace DirectMap.Tests.Inodes;

public sealed class FailedInodesTests
{
    private readonly FailedInodes _failed = new(3);

    [Fact]
    public void Of_many_that_nobody_has_opened_again_the_oldest_go()
    {
        SyncLedger[] syncs = [.. Enumerable.Range(0, 5).Select(i => Add((ulong)i))];

        Assert.Equal(3, _failed.Count);
        Assert.Equal([null, null, syncs[2], syncs[3], syncs[4]], Enumerable.Range(0, 5).Select(i => Take((ulong)i)));
        Assert.Equal(0, _failed.Count);
    }

    [Fact]
    public void One_that_failed_again_is_the_youngest_and_has_one_entry()
    {
        Array.ForEach<ulong>([1, 2, 3], number => Add(number));
        SyncLedger again = Add(1);
        Add(4);

        Assert.Equal(3, _failed.Count);
        Assert.False(_failed.Contains(Id(2)));
        Assert.Same(again, Take(1));
    }

    private static FileId Id(ulong number) => new(1, number, 0);

    private SyncLedger? Take(ulong number)
    {
        SyncLedger? found = _failed.Find(Id(number), null);
        _failed.Remove(Id(number));
        return found;
    }

    private SyncLedger Add(ulong number)
    {
        SyncLedger syncs = new();
        _failed.Add(Id(number), null, syncs);
        return syncs;
    }
}
