using static DirectMap.Tests.Leases.CoordinatorTest;

namespace DirectMap.Tests.Telemetry;

/// <summary>What watching costs in memory: nothing when nobody listens, and nothing for measurements when somebody does.</summary>
public sealed class NobodyListensTests : FileTelemetryTest
{
    /// <summary>What a lease takes, as docs/benchmarks.md has it.</summary>
    private const int BytesOfALease = 232;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_lease_allocates_itself_and_nothing_more(bool listens)
    {
        using RecordedMeter meter = new(listens);
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { Configuration = "orders", MeterFactory = meter });
        LeaseRequest request = Lease();

        long allocated = AllocatedBy(() => coordinator.Acquire(request).Dispose());

        Assert.InRange(allocated, 0, BytesOfALease);
        Assert.Equal(listens, meter.Count("directmap.lease.grants") > 0);
    }

    [Fact]
    public void A_breaker_that_finds_nothing_in_its_way_allocates_the_same_whoever_listens()
    {
        BreakRequest request = Breaker();
        long[] allocated = [.. new[] { false, true }.Select(listens =>
        {
            using RecordedMeter meter = new(listens);
            LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { MeterFactory = meter });
            return AllocatedBy(() => coordinator.Break(request).Dispose());
        })];

        Assert.Equal(allocated[0], allocated[1]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_persist_allocates_nothing(bool listens)
    {
        using RecordedMeter meter = new(listens);
        DirectFileFactory factory = new(new DirectMapOptions { MeterFactory = meter });
        using DirectFile file = factory.Create(Folder.File("a"), 4096);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        Assert.Equal(0, AllocatedBy(() => region.Persist(0, 8)));
        Assert.Equal(listens, meter.Count("directmap.persist.io") > 0);
        Assert.Equal(listens, meter.Count("directmap.persist.duration") > 0);
    }

    /// <summary>For each time.</summary>
    private static long AllocatedBy(Action action)
    {
        const int Times = 1000;
        for (int i = 0; i < 100; i++)
        {
            action();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Times; i++)
        {
            action();
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / Times;
    }
}
