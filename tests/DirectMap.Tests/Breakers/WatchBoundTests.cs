using System.Collections.Concurrent;
using DirectMap.Inodes;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Breakers;

/// <summary>What waits to be told is bounded, however often others change a file.</summary>
public sealed class WatchBoundTests : FileTest
{
    [Fact]
    public async Task What_a_mapping_hears_while_it_waits_for_its_lease_is_bounded_and_one_of_it_is_told()
    {
        ConcurrentQueue<Trespass> heard = new();
        using DirectFile file = Create();
        using ILayoutLease held = file.AcquireLease(new LeaseOptions { Mode = LeaseMode.Exclusive });
        using DirectFile other = Open();
        Task<MappedRegion> mapping = other.MapAsync(
            MapOptions.Default with { WhenUnavailable = WhenUnavailable.Wait, OnTrespass = (_, told) => heard.Enqueue(told) },
            TestContext.Current.CancellationToken).AsTask();
        FileArbiter arbiter = InodeTable.Find(file.Id)!.Arbiter;
        for (int number = 1; number <= 10_000; number++)
        {
            arbiter.Tell(new OutsideNotice(null, new Trespass
            {
                Path = file.Path,
                File = file.Id,
                Origin = TrespassOrigin.OtherProcess,
                ProcessId = number,
                NoticedAt = DateTimeOffset.UtcNow,
            }));
            arbiter.Tell(OutsideNotice.Look);
        }

        held.Dispose();
        using MappedRegion region = await mapping.WaitAsync(Soon.Patience);
        Soon.Until(() => !heard.IsEmpty, "one is told");
        Assert.InRange(heard.Count, 1, OutsideNotifier.MostTrespassers);
    }
}
