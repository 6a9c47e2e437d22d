using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Layout;

/// <summary>Stores of an ordinary mapping with checks at access that would change the block map.</summary>
public abstract class AllocatingStoreTests(FileBackingKind backing) : FileTest(backing)
{
    private const int Length = 64 << 10;

    private static readonly MapOptions s_ordinary = MapOptions.Ordinary with { PolicyCheck = PolicyCheck.AtAccess };

    [Fact]
    public void A_store_that_would_allocate_under_somebodys_lease_begins_the_break_and_fails_at_once()
    {
        using DirectFile file = Create(Length);
        using DirectFile other = Open();
        other.PunchHole(4 * PageSize, PageSize);
        using MappedRegion direct = file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 4 * PageSize) });
        using MappedRegion ordinary = other.Map(s_ordinary);
        ordinary.Write(5 * PageSize, 1L); // written: changes nothing
        Assert.Equal(RegionState.Active, direct.State);

        MappingFaultException fault = Assert.Throws<MappingFaultException>(() => ordinary.Write(4 * PageSize, 1L));

        Assert.Equal(FaultCause.LayoutLeased, fault.Cause);
        Assert.Equal(11, fault.HResult);
        Assert.Equal(LeaseConflict.WouldBlock, Assert.IsType<LeaseConflictException>(fault.InnerException).Conflict);
        Assert.Equal(RegionState.Breaking, direct.State);
        Assert.Equal(LayoutOperation.WriteFault, direct.Lease!.CurrentBreak?.Operation);
        Assert.Equal(new FileRange(4 * PageSize, PageSize), direct.Lease!.CurrentBreak?.Range);
        Assert.Contains(other.GetExtents(), extent => extent.Flags == ExtentFlags.Hole);
        direct.Dispose();
        ordinary.Write(4 * PageSize, 1L);
        Assert.DoesNotContain(other.GetExtents(), extent => extent.Flags != ExtentFlags.None);
    }

    [Fact]
    public void Under_somebodys_exclusive_lease_it_fails_with_ETXTBSY_and_breaks_nothing()
    {
        using DirectFile file = Create(Length);
        using DirectFile other = Open();
        other.PunchHole(4 * PageSize, PageSize);
        using MappedRegion ordinary = other.Map(s_ordinary);
        using ILayoutLease frozen = file.AcquireLease(new LeaseOptions { Mode = LeaseMode.Exclusive });

        MappingFaultException fault = Assert.Throws<MappingFaultException>(() => ordinary.Write(4 * PageSize, 1L));

        Assert.Equal(26, fault.HResult);
        Assert.Equal(LeaseState.Active, frozen.State);
    }

    [Fact]
    public void What_nobody_has_a_lease_on_is_made_ready_by_the_first_store()
    {
        using DirectFile file = Create(Length);
        file.PunchHole(0, 8 * PageSize);
        file.Allocate(0, 4 * PageSize);
        using MappedRegion region = file.Map(s_ordinary);

        region.Write(PageSize, 1L);
        using (RegionScope scope = region.OpenScope(5 * PageSize, PageSize))
        {
            scope.Span.Fill(2);
            scope.Complete();
        }

        List<Extent> extents = [.. file.GetExtents(new FileRange(0, 8 * PageSize))];
        Assert.Equal(
            [PageSize, 5 * PageSize],
            extents.Where(extent => extent.Flags == ExtentFlags.None && extent.Offset < 8 * PageSize).Select(extent => (int)extent.Offset));
        Assert.Equal(1, region.Read<long>(PageSize));
    }

    [Fact]
    public void On_a_full_disk_a_store_to_a_hole_is_an_exception()
    {
        NeedsLinuxBacking("it does not see holes from before the file was opened");
        using Requires.TinyFileSystem disk = Requires.TinyTmpfs(Folder, 1024);
        string path = Path.Combine(disk.Path, "sparse");
        using (FileStream stream = File.Create(path))
        {
            stream.SetLength(Length);
        }

        using DirectFile file = DirectFile.Open(path, Options);
        using MappedRegion region = file.Map(s_ordinary);
        DiskFill fill = new(disk.Path);

        MappingFaultException fault = Assert.Throws<MappingFaultException>(() => region.Write(0, 1L));

        Assert.Equal(FaultCause.NoSpace, fault.Cause);
        Assert.Equal(28, fault.HResult);
        // on tmpfs a load allocates, too
        Assert.Equal(FaultCause.NoSpace, Assert.Throws<MappingFaultException>(() => region.Read<long>(PageSize)).Cause);
        Assert.Equal(FaultCause.NoSpace, Assert.Throws<MappingFaultException>(() => region.OpenScope(0, PageSize)).Cause);
        fill.Dispose();
        region.Write(0, 1L);
        Assert.Equal(1, region.Read<long>(0));
    }
}
