using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Layout;

/// <summary>
/// What xfstests generic/569 expects of an active swap file, the kernel's nearest to a frozen layout, is what an exclusive lease gives:
/// ETXTBSY, at once, for everybody else.
/// </summary>
public sealed class FrozenLayoutTests : FileTest
{
    private const int ETXTBSY = 26;

    [Fact]
    public void While_a_layout_is_held_exclusively_everybody_elses_change_is_ETXTBSY()
    {
        using DirectFile owner = Create();
        owner.PunchHole(8 * PageSize, PageSize);
        using DirectFile other = Open();
        using MappedRegion old = other.Map(MapOptions.Ordinary with { PolicyCheck = PolicyCheck.AtAccess });
        byte[] before = File.ReadAllBytes(owner.Path);
        List<Extent> extents = [.. owner.GetExtents()];
        using ILayoutLease frozen = owner.AcquireLease(new LeaseOptions { Mode = LeaseMode.Exclusive });

        Assert.Equal(ETXTBSY, Assert.Throws<LeaseConflictException>(() => other.Write([1], 0)).HResult); // pwrite
        Assert.Equal(ETXTBSY, Assert.Throws<LeaseConflictException>(() => other.Map(MapOptions.Ordinary)).HResult); // mmap, writable
        // store through a mapping from before: SIGBUS in the kernel
        Assert.Equal(ETXTBSY, Assert.Throws<MappingFaultException>(() => old.Write(8 * PageSize, 1L)).HResult);
        Assert.Equal(ETXTBSY, Assert.Throws<LeaseConflictException>(() => other.SetLength(PageSize)).HResult); // ftruncate
        Assert.Equal(ETXTBSY, Assert.Throws<LeaseConflictException>(() => other.SetLength(1 << 20)).HResult);
        Assert.Equal(ETXTBSY, Assert.Throws<LeaseConflictException>(() => other.Allocate(8 * PageSize, PageSize)).HResult); // fallocate
        Assert.Equal(ETXTBSY, Assert.Throws<LeaseConflictException>(() => other.PunchHole(0, PageSize)).HResult);

        Assert.Equal(LeaseState.Active, frozen.State);
        Assert.Equal(before, File.ReadAllBytes(owner.Path));
        Assert.Equal(extents, owner.GetExtents());
        using MappedRegion reading = other.Map(MapOptions.Ordinary with { Access = MappingAccess.Read });
        using MappedRegion own = owner.Map(MapOptions.Ordinary);
        frozen.Dispose();
        other.Write([1], 0);
        using MappedRegion afterwards = other.Map(MapOptions.Ordinary);
    }

    [Fact]
    public void A_frozen_layout_needs_no_persistent_memory_and_a_direct_mapping_does()
    {
        using DirectFile file = Create();

        using MappedRegion region = file.Map(OnUnverified(file) ? MapOptions.DirectOrEmulated : MapOptions.FrozenLayout);

        Assert.True(region.Facts.IsDirect);
        Assert.Equal(RefusalReason.NotDaxCapable, Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.Direct with
        {
            FaultPolicy = FaultPolicies.Except(FaultPolicies.Strict, RefusalReason.BlockMapUnverified)
        })).Reason);
        Assert.Equal(LeaseConflict.Busy, Assert.Throws<LeaseConflictException>(() => file.PunchHole(0, PageSize)).Conflict);
    }

    private static bool OnUnverified(DirectFile file)
    {
        using MappedRegion probe = file.Map(MapOptions.DirectOrEmulated);
        return probe.Facts.BlockMapStability == BlockMapStability.Unverified;
    }
}
