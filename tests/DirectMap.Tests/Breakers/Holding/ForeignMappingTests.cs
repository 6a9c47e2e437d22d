using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Breakers.Holding;

/// <summary>Mappings of other processes that may be stored to, which ask nobody once they are made.</summary>
public sealed class ForeignMappingTests(ForeignProgram program) : HoldingTest(program)
{
    private const string MapShared = "mmap 3 1 4096";
    private const string MapToRead = "mmap 1 1 4096";

    private static readonly MapOptions s_waits = new() { WhenUnavailable = WhenUnavailable.Wait };

    [Theory]
    [InlineData(MapShared)]
    [InlineData(MapToRead)] // It can be made writable, unheard.
    public async Task A_shared_mapping_of_a_writer_breaks_the_level_falls_and_comes_back_when_it_is_gone(string call)
    {
        using DirectFile file = Preferring();
        MappedRegion region = Map(file);
        Assert.Equal(ProtectionLevel.Proved, region.Protection.Level);
        ForeignProcess other = Writer();

        Task<ForeignProcess.Answer> mapping = other.Begin(call);
        AwaitBreaks();
        Assert.True(Told.TryPeek(out LeaseBreak? told));
        Assert.Equal((LayoutOperation.MapWritable, "mmap"), (told.Operation, told.Process?.SystemCall));
        Assert.False(mapping.IsCompleted);
        region.Dispose();
        Assert.Equal(0, (await mapping.Within()).Errno);

        using (MappedRegion beside = await file.MapAsync(s_waits).AsTask().Within())
        {
            Assert.Equal(ProtectionLevel.Watched, beside.Protection.Level);
            Assert.Contains("foreign (thread ", beside.Protection.Reason, StringComparison.Ordinal);
            Assert.Contains("was let map it writable", beside.Protection.Reason, StringComparison.Ordinal);
        }

        // It is as long as the mapping is there, though the descriptor is closed.
        Assert.Equal(0, other.Do("close").Errno);
        using (MappedRegion beside = await file.MapAsync(s_waits).AsTask().Within())
        {
            Assert.Equal(ProtectionLevel.Watched, beside.Protection.Level);
        }

        Assert.Equal(0, other.Do("munmap").Errno);
        using MappedRegion again = await file.MapAsync(s_waits).AsTask().Within();
        Assert.Equal(ProtectionLevel.Proved, again.Protection.Level);
        Assert.DoesNotContain("was let map", again.Protection.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_required_the_level_cannot_be_mapped_beside_such_a_mapping_and_can_be_afterwards()
    {
        using DirectFile file = Guarded(Long);
        MappedRegion region = Map(file);
        ForeignProcess other = Writer();
        Task<ForeignProcess.Answer> mapping = other.Begin(MapShared);
        AwaitBreaks();
        region.Dispose();
        Assert.Equal(0, (await mapping.Within()).Errno);

        MapRefusedException refused = await Assert.ThrowsAsync<MapRefusedException>(() => file.MapAsync(s_waits).AsTask().Within());
        Assert.Contains("was let map it writable", refused.Message, StringComparison.Ordinal);

        Assert.Equal((0, 0), (other.Do("munmap").Errno, other.Do("close").Errno));
        AssertCanBeMapped(file);
        Assert.Equal(ProtectionLevel.Proved, file.Protection.Level);
    }

    [Fact]
    public void A_mapping_to_read_and_a_private_one_break_nothing()
    {
        using DirectFile file = Guarded(Long);
        using MappedRegion region = Map(file);
        ForeignProcess reader = Start("told");
        Assert.Equal(0, reader.Do($"open {ForeignProcess.O_RDONLY}").Errno);

        Assert.Equal(0, reader.Do(MapToRead).Errno);
        Assert.Equal(0, reader.Do("mmap 3 2 4096").Errno);
        Assert.Equal(0, reader.Do("store 0 1").Errno);

        Assert.Empty(Told);
        Assert.Equal((ProtectionLevel.Proved, 0), (region.Protection.Level, region.Read<byte>(0)));
    }

    [Fact]
    public void A_descriptor_from_before_that_is_mapped_while_there_is_no_lease_is_noticed_at_the_next_one()
    {
        using DirectFile file = Preferring();
        ForeignProcess other = Writer();

        Assert.Equal(0, other.Do(MapShared).Errno); // Nobody is in its way.

        using (MappedRegion region = file.Map())
        {
            Assert.Equal(ProtectionLevel.Watched, region.Protection.Level);
            Assert.Contains("was let map it writable", region.Protection.Reason, StringComparison.Ordinal);
        }

        Assert.Equal((0, 0), (other.Do("munmap").Errno, other.Do("close").Errno));
        using MappedRegion again = file.Map();
        Assert.Equal(ProtectionLevel.Proved, again.Protection.Level);
    }

    [Fact]
    public async Task A_descriptor_from_before_that_is_mapped_after_a_lease_was_there_is_noticed()
    {
        using DirectFile file = Preferring();
        ForeignProcess other = Writer();
        using (MappedRegion between = file.Map())
        {
            Assert.Equal(ProtectionLevel.Proved, between.Protection.Level); // The descriptor is noisy, so it asks.
            Task<ForeignProcess.Answer> writing = other.Begin("pwrite 0 10");
            Soon.Until(() => between.Lease!.State == LeaseState.Breaking, "the descriptor asks");
            between.Dispose();
            Assert.Equal(0, (await writing.Within()).Errno);
        }

        Assert.Equal(0, (await other.Begin(MapShared).Within()).Errno);

        using MappedRegion region = await file.MapAsync(s_waits).AsTask().Within();
        Assert.Equal(ProtectionLevel.Watched, region.Protection.Level);
    }

    [Fact]
    public async Task A_descriptor_from_before_that_is_mapped_during_a_lease_of_other_bytes_tells_its_holder()
    {
        using DirectFile file = Preferring();
        using MappedRegion region = file.Map(new MapOptions
        {
            Range = new FileRange(32 << 10, 4096),
            LeaseCoverage = LeaseCoverage.MappedRange,
            OnBreak = (_, told) => Told.Enqueue(told),
        });
        Protection known = region.Protection;
        ForeignProcess other = Writer();

        Assert.Equal(0, (await other.Begin(MapShared).Within()).Errno); // Of bytes that nobody holds.

        Protection now = await region.WaitForProtectionChangeAsync(known).Within();
        Assert.Equal((ProtectionLevel.Proved, ProtectionLevel.Watched), (known.Level, now.Level));
        Assert.Empty(Told);
    }

    /// <summary>Opened so that a lower level is had, too.</summary>
    private DirectFile Preferring()
    {
        File.WriteAllBytes(Folder.File(), new byte[64 << 10]);
        return DirectFile.Open(Folder.File(), OptionsOf(Long) with { Guard = GuardOptions.Preferred(ProtectionLevel.Proved) });
    }
}
