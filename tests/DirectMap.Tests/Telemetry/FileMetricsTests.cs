using DirectMap.Stores;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Telemetry;

public sealed class FileMetricsTests : FileTelemetryTest
{
    [Fact]
    public void Bytes_and_time_of_a_persist_are_measured()
    {
        using DirectFile file = CreateWatched();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        region.Persist(8, 100);

        RecordedMeasurements.Measured bytes = Measurements.Single("directmap.persist.io");
        RecordedMeasurements.Measured duration = Measurements.Single("directmap.persist.duration");
        Assert.Equal((100d, "orders"), (bytes.Value, bytes["directmap.configuration"]));
        Assert.InRange(duration.Value, double.Epsilon, 30);
    }

    [Theory]
    [InlineData(PersistGranularity.Byte)]
    [InlineData(PersistGranularity.CacheLine)]
    [InlineData(PersistGranularity.Page)]
    public void Stores_are_measured_when_they_are_durable_at_their_end(PersistGranularity granularity)
    {
        Requires.Native();
        using DirectFile file = CreateWatched();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = granularity });

        region.PersistCopy(3, new byte[100]);
        region.PersistFill(3, 200, 1);
        region.PersistMove(0, 3, 300);
        region.PersistFill(3, 400, 1, StoreFlags.NoFlush);

        Assert.Equal([100, 200, 300], Measurements.Of("directmap.persist.io").Select(bytes => bytes.Value));
        Assert.Equal(3, Measurements.Of("directmap.persist.duration").Count(duration => duration.Value > 0));
    }

    [Fact]
    public void A_persist_that_fails_is_a_fault_and_no_bytes()
    {
        using DirectFile file = CreateWatched();
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        file.SetLength(100);

        Assert.Throws<MappingFaultException>(() => region.Persist(0, 4096));

        Assert.Equal("beyond_end_of_file", Measurements.Single("directmap.faults")["directmap.cause"]);
        Assert.Empty(Measurements.Of("directmap.persist.io"));
        Assert.Empty(Measurements.Of("directmap.persist.duration"));
    }

    [Fact]
    public void Every_fault_is_counted_by_cause()
    {
        using DirectFile file = CreateWatched();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Revoke(region);

        Assert.Throws<MappingFaultException>(() => region.Read<long>(8));
        Assert.Throws<MappingFaultException>(() => region.OpenScope(0, 8).Dispose());
        Assert.Throws<MappingFaultException>(region.Persist);

        Assert.Equal(["revoked", "revoked", "revoked"], Measurements.Of("directmap.faults").Select(fault => fault["directmap.cause"]));
    }

    [Fact]
    public void A_judged_access_that_is_refused_is_counted()
    {
        using DirectFile file = OpenSparse(64 << 10);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { PolicyCheck = PolicyCheck.AtAccess });

        Assert.Throws<MappingFaultException>(() => region.Write(0, 1L));

        Assert.Equal("refused", Measurements.Single("directmap.faults")["directmap.cause"]);
    }

    [Fact]
    public void Regions_count_until_they_let_go_and_their_ranges_until_they_are_collected()
    {
        using DirectFile file = CreateWatched();
        Assert.Equal((0, 0), Alive());

        MapAndDispose(file);
        Soon.Until(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return Alive() == (0, 0);
            },
            "the range is given back");

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        void MapAndDispose(DirectFile file)
        {
            MappedRegion one = file.Map(MapOptions.DirectOrEmulated);
            MappedRegion two = file.Map(MapOptions.Ordinary);
            Assert.Equal((2, 0), Alive());
            one.Dispose();
            one.Dispose();
            Assert.Equal((1, 1), Alive());
            two.Dispose();
            Assert.Equal((0, 2), Alive());
            GC.KeepAlive(one);
            GC.KeepAlive(two);
        }
    }

    [Fact]
    public void A_mapping_that_is_refused_after_it_was_made_counts_no_more()
    {
        using DirectFile file = OpenSparse(64 << 10);

        Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.DirectOrEmulated));

        Assert.Equal((0, 0), Alive());
    }

    [Fact]
    public void A_backing_that_gives_its_range_back_at_once_keeps_none()
    {
        using DirectFile file = Factory.Create(
            Folder.File("portable"), 64 << 10, new DirectFileOptions { Backing = FileBackingKind.Portable });
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Assert.Equal((1, 0), Alive());

        region.Dispose();

        Assert.Equal((0, 0), Alive());
        GC.KeepAlive(region);
    }

    [Fact]
    public void A_region_that_was_disposed_is_not_alive_though_a_scope_keeps_it_mapped()
    {
        DirectFileFactory portable = new(
            new DirectMapOptions { Name = "orders", Backing = FileBackingKind.Portable, MeterFactory = Measurements }, Coordinator);
        using DirectFile file = portable.Create(Folder.File("portable"), 4096);
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using (region.OpenScope(0, 8))
        {
            region.Dispose();
            Assert.Equal((0, 0), Alive());
        }

        Assert.Equal((0, 0), Alive());
    }

    private (double Active, double Replaced) Alive() => (
        Assert.Single(Measurements.Observe("directmap.active_regions")).Value,
        Assert.Single(Measurements.Observe("directmap.replaced_ranges")).Value);
}
