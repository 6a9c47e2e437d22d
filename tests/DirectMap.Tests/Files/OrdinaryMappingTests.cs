using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

public abstract class OrdinaryMappingTests(FileBackingKind backing) : FileTest(backing)
{
    [Fact]
    public void An_ordinary_mapping_holds_no_lease_and_nothing_breaks_it()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();

        using MappedRegion region = file.Map(MapOptions.Ordinary);

        Assert.False(region.Facts.IsDirect);
        Assert.Null(region.Lease);
        Assert.Equal(ProtectionLevel.None, region.Protection.Level);
        Assert.Empty(file.GetLeases());
        other.Write([1, 2, 3], 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse });
        Assert.Equal(1, region.Read<byte>(0));
        Assert.Equal(RegionState.Active, region.State);
    }

    [Fact]
    public void It_maps_what_a_direct_mapping_refuses()
    {
        using DirectFile file = Create(64 << 10);
        file.PunchHole(0, 16 << 10);
        file.Allocate(0, 8 << 10);
        file.SetLength(100 << 10);

        using MappedRegion region = file.Map(MapOptions.Ordinary);
        region.Write(0, 1L);
        region.Write(12 << 10, 2L);
        region.Write(99 << 10, 3L);
        region.Persist();

        Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.Ordinary with { Range = new FileRange(0, 200 << 10) }));
        byte[] read = new byte[8];
        file.Read(read, 99 << 10);
        Assert.Equal(3, read[0]);
    }

    [Fact]
    public void It_can_be_mapped_by_who_does_not_own_the_file_and_while_a_break_is_pending()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion direct = file.Map(MapOptions.DirectOrEmulated);
        Assert.Throws<LeaseConflictException>(() => other.Write([1], 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));

        using MappedRegion region = other.Map(MapOptions.Ordinary);

        Assert.Equal(0, region.Read<byte>(0));
    }

    [Fact]
    public async Task A_region_that_is_mapped_asynchronously_has_no_lease_either()
    {
        using DirectFile file = Create();
        MappedRegion region = await file.MapAsync(MapOptions.Ordinary, TestContext.Current.CancellationToken);
        Assert.Null(region.Lease);

        region.Dispose();

        Assert.Throws<ObjectDisposedException>(() => region.Read<byte>(0));
    }

    [Fact]
    public void What_is_about_a_lease_is_refused()
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map(MapOptions.Ordinary);

        Assert.Throws<ArgumentException>(() => file.Map(MapOptions.Ordinary with { LeaseMode = LeaseMode.Exclusive }));
        Assert.Throws<ArgumentException>(() => file.Map(MapOptions.Ordinary with { LeaseCoverage = LeaseCoverage.MappedRange }));
        Assert.Throws<ArgumentException>(() => file.Map(MapOptions.Ordinary with { WhenUnavailable = WhenUnavailable.Wait }));
        Assert.Throws<ArgumentException>(() => file.Map(MapOptions.Ordinary with { OnBreak = (_, _) => { } }));
    }

    [Fact]
    public void A_user_may_give_it_a_policy()
    {
        using DirectFile file = Create();
        file.PunchHole(0, 16 << 10);
        MapOptions ordinary = MapOptions.Ordinary with { FaultPolicy = FaultPolicies.FrozenLayout };

        Assert.Equal(RefusalReason.Hole, Assert.Throws<MapRefusedException>(() => file.Map(ordinary)).Reason);
        using MappedRegion region = file.Map(ordinary with { Range = FileRange.From(16 << 10) });
        region.Write(0, 1);
    }

    [Fact]
    public void Scopes_release_and_disposal_are_those_of_every_region()
    {
        using DirectFile file = Create();
        MappedRegion region = file.Map(MapOptions.Ordinary);
        using (RegionScope scope = region.OpenScope(0, 4096))
        {
            scope.Span.Fill(7);
            scope.Complete();
        }

        region.Persist(0, 4096);
        region.Dispose();

        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
        Assert.Equal(RegionState.Disposed, region.State);
    }
}
