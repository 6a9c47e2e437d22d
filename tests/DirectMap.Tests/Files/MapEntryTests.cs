using System.Diagnostics;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;
using Moq;

namespace DirectMap.Tests.Files;

/// <summary>The first rows of the contract: what may be mapped directly, by whom and how.</summary>
public abstract class MapEntryTests(FileBackingKind backing) : MapTest(backing)
{
    [Fact]
    public void A_mapping_without_options_is_of_all_the_file_and_says_whether_it_is_emulated()
    {
        using DirectFile file = Create();

        using MappedRegion region = file.Map();

        Assert.Equal((0, file.Length), (region.FileOffset, region.Length));
        Assert.Equal((MapMode.DirectOrEmulated, true, true), (region.Facts.Mode, region.Facts.IsDirect, region.Facts.IsEmulated));
    }

    [Fact]
    public void A_file_that_is_not_on_persistent_memory_is_refused_unless_emulation_is_asked_for()
    {
        using DirectFile file = Create();
        using MappedRegion emulated = file.Map(MapOptions.DirectOrEmulated);
        Requires.Have("no-dax", emulated.Facts.IsEmulated, "needs a temp folder that is not on persistent memory");

        MapRefusedException refused = Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.Direct));

        Assert.Contains(refused.Reason, new[] { RefusalReason.NotDaxCapable, RefusalReason.BlockMapUnverified });
        Assert.Contains("DirectOrEmulated", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_says_in_a_sentence_of_its_own_what_to_do()
    {
        File.WriteAllText(Folder.File(), "");
        using DirectFile file = Open();
        file.SetLength(4096);

        MapRefusedException refused = Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.DirectOrEmulated));

        Assert.Equal(RefusalReason.Hole, refused.Reason);
        Assert.StartsWith("a write would allocate", refused.Detail, StringComparison.Ordinal);
        Assert.Contains(refused.Detail!, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whether_a_file_can_be_mapped_is_answered_at_once_also_where_mapping_would_wait()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using ILayoutLease exclusive = other.AcquireLease(new LeaseOptions { Mode = LeaseMode.Exclusive });

        MapProbe probe = file.Probe(MapOptions.DirectOrEmulated with { WhenUnavailable = WhenUnavailable.Wait });

        Assert.IsType<LeaseConflictException>(probe.Refusal);
        Assert.Equal((false, RefusalReason.None), (probe.IsMappable, probe.Reason));
    }

    [Fact]
    public void Whether_a_file_can_be_mapped_is_answered_as_mapping_would_and_leaves_nothing()
    {
        using DirectFile file = Create();
        Assert.Null(file.Probe(MapOptions.DirectOrEmulated).Refusal);
        AssertNothingIsHeld(file);

        file.PunchHole(0, 4096);
        MapProbe probe = file.Probe(MapOptions.DirectOrEmulated);
        MapRefusedException asked = Assert.Throws<MapRefusedException>(probe.ThrowIfRefused);
        MapRefusedException mapped = Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.DirectOrEmulated));

        Assert.Equal((mapped.Reason, mapped.Message), (asked.Reason, asked.Message));
        Assert.Equal((false, mapped.Reason), (probe.IsMappable, probe.Reason));
        AssertNothingIsHeld(file);
    }

    [Fact]
    public void An_emulated_region_is_stamped_and_says_how_durable_and_protected_it_is_and_why_not_more()
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Requires.Have("no-dax", region.Facts.IsEmulated, "needs a temp folder that is not on persistent memory");

        Assert.NotEmpty(region.Facts.Durability.Reason);
        Assert.Equal(
            Backing == FileBackingKind.Linux ? ProtectionLevel.Watched : ProtectionLevel.ThisProcess, region.Protection.Level);
        Assert.NotEmpty(region.Protection.Reason);
    }

    [Fact]
    public void A_file_in_memory_is_said_to_survive_the_process_only()
    {
        NeedsLinuxBacking("it does not know the file system");
        Requires.DevShm();
        using TestDirectory shm = new("/dev/shm");
        using DirectFile file = DirectFile.Create(shm.File(), 8192, Options);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        Assert.Equal(DurabilityKind.Memory, region.Facts.Durability.Value);
        Assert.Equal(BlockMapStability.Stable, region.Facts.BlockMapStability);
    }

    [Fact]
    public void Who_neither_owns_the_file_nor_has_CAP_LEASE_gets_EACCES()
    {
        NeedsLinuxBacking("whoever could open a file may hold a lease");
        Requires.Root();
        using DirectFile file = Create();
        File.SetUnixFileMode(file.Path, (UnixFileMode)0x1B6);
        File.SetUnixFileMode(Folder.Path, (UnixFileMode)0x1ED);

        ChildProcess.Result result = ChildProcess.Run(PermissionCases.MapAsAnotherUser, file.Path);

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public void Without_root_a_file_of_somebody_else_gets_EACCES()
    {
        NeedsLinuxBacking("whoever could open a file may hold a lease");
        Requires.NotRoot();
        using DirectFile file = DirectFile.Open("/etc/passwd", Options with { Access = FileAccess.Read });

        Assert.Equal(13, Assert.Throws<UnauthorizedAccessException>(() => file.Map(MapOptions.DirectOrEmulated)).HResult);
    }

    [Fact]
    public void A_file_with_a_hole_is_refused_for_writing_and_for_reading_only_where_that_allocates()
    {
        using DirectFile file = Create();
        file.SetLength(1 << 20);

        MapRefusedException refused = Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.DirectOrEmulated));
        Assert.Equal(RefusalReason.Hole, refused.Reason);
        Assert.NotNull(refused.Extent);
        AssertNothingIsHeld(file);

        using MappedRegion written = file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 64 << 10) });
        MapOptions forReading = MapOptions.DirectOrEmulated with { Access = MappingAccess.Read };
        if (written.Facts.Durability.Value == DurabilityKind.Memory)
        {
            Assert.Equal(RefusalReason.Hole, Assert.Throws<MapRefusedException>(() => file.Map(forReading)).Reason);
        }
        else
        {
            using MappedRegion reading = file.Map(forReading);
            Assert.Equal(0, reading.Read<long>((1 << 20) - 8));
        }
    }

    [Fact]
    public void Allocated_but_unwritten_extents_are_refused_for_writing()
    {
        using DirectFile file = Create();
        file.Allocate(64 << 10, 64 << 10);

        MapRefusedException refused = Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.DirectOrEmulated));

        // tmpfs has no unwritten extents: what was never written is a hole there.
        Assert.Contains(refused.Reason, new[] { RefusalReason.UnwrittenExtent, RefusalReason.Hole });
    }

    [Fact]
    public void The_first_extent_that_the_policy_refuses_is_named()
    {
        Create().Dispose();
        Extent shared = new(8192, 4096, 0, ExtentFlags.Shared);
        Mock<IBlockMap> map = new();
        map.Setup(m => m.GetExtents(It.IsAny<FileRange>(), It.IsAny<Memory<Extent>>())).Returns((FileRange range, Memory<Extent> extents) =>
        {
            Extent[] all = [new(0, 8192, 0, ExtentFlags.None), shared, new(12288, 1 << 20, 0, ExtentFlags.None)];
            Extent[] rest = [.. all.Where(extent => extent.End > range.Offset).Take(1)];
            rest.CopyTo(extents);
            return rest.Length;
        });
        using DirectFile file = DirectFile.Open(Folder.File(), Options with { BlockMap = map.Object });

        MapRefusedException refused = Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.DirectOrEmulated));

        Assert.Equal(RefusalReason.SharedExtent, refused.Reason);
        Assert.Equal(shared, refused.Extent);
        AssertNothingIsHeld(file);
        using MappedRegion before = file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 8192) });
    }

    [Fact]
    public void A_policy_of_the_users_own_is_asked_under_the_lease_and_can_refuse()
    {
        Create().Dispose();
        LeaseConflictException? broken = null;
        Mock<IFaultPolicy> policy = new();
        policy.Setup(p => p.EvaluateFile(in It.Ref<FileFacts>.IsAny)).Returns(PolicyDecision.Allow);
        policy.Setup(p => p.EvaluateExtent(in It.Ref<FileFacts>.IsAny, in It.Ref<Extent>.IsAny, MappingAccess.ReadWrite)).Returns(() =>
        {
            using DirectFile other = Open();
            broken = Assert.Throws<LeaseConflictException>(
                () => other.PunchHole(0, 4096, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
            return PolicyDecision.Refuse(RefusalReason.Custom, "not on Sundays");
        });
        using DirectFile file = DirectFile.Open(Folder.File(), Options with { FaultPolicy = policy.Object });

        MapRefusedException refused = Assert.Throws<MapRefusedException>(() => file.Map());

        Assert.Equal(RefusalReason.Custom, refused.Reason);
        Assert.Contains("not on Sundays", refused.Message, StringComparison.Ordinal);
        Assert.NotNull(broken);
        AssertNothingIsHeld(file);
    }

    [Fact]
    public void A_policy_that_throws_leaves_nothing_behind()
    {
        Create().Dispose();
        Mock<IFaultPolicy> policy = new();
        policy.Setup(p => p.EvaluateExtent(in It.Ref<FileFacts>.IsAny, in It.Ref<Extent>.IsAny, MappingAccess.ReadWrite))
            .Throws<InvalidTimeZoneException>();
        using DirectFile file = DirectFile.Open(Folder.File(), Options with { FaultPolicy = policy.Object });

        Assert.Throws<InvalidTimeZoneException>(() => file.Map());

        AssertNothingIsHeld(file);
    }

    [Fact]
    public void A_file_that_another_process_deleted_before_mapping_is_mapped_all_the_same()
    {
        using DirectFile file = Create();
        Run("rm", file.Path);

        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Write(0, 5L);
        region.Persist(0, 8);
        Assert.Equal(5L, region.Read<long>(0));
    }

    [Fact]
    public async Task While_a_break_is_pending_a_mapping_is_refused_or_waits_as_asked()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        MappedRegion held = file.Map(MapOptions.DirectOrEmulated);
        Task writing = other.WriteAsync(new byte[] { 1 }, 0).AsTask();

        Assert.Equal(LeaseConflict.WouldBlock, Assert.Throws<LeaseConflictException>(() => file.Map(MapOptions.DirectOrEmulated)).Conflict);
        Task<MappedRegion> waiting = file.MapAsync(MapOptions.DirectOrEmulated with { WhenUnavailable = WhenUnavailable.Wait }).AsTask();
        Assert.False(waiting.IsCompleted);
        held.Dispose();

        await writing.Within();
        using MappedRegion region = await waiting.Within();
        Assert.Equal(1, region.Read<byte>(0));
    }

    [Fact]
    public void An_option_that_is_not_a_value_of_its_enumeration_is_refused()
    {
        using DirectFile file = Create();

        Assert.Throws<ArgumentOutOfRangeException>(() => file.Map(MapOptions.DirectOrEmulated with { Access = (MappingAccess)99 }));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            file.Map(MapOptions.DirectOrEmulated with { WhenUnavailable = (WhenUnavailable)99 }));
    }

    [Fact]
    public void On_overlayfs_a_file_that_is_copied_up_is_one_file_and_is_not_mapped_for_readers_left_behind()
    {
        NeedsLinuxBacking("it does not know the file system");
        using TestDirectory directory = new();
        using Requires.TinyFileSystem overlay = Requires.Overlay(directory, "lower-file", new byte[64 << 10]);
        string path = Path.Combine(overlay.Path, "lower-file");
        string otherName = Path.Combine(overlay.Path, "other-name");
        using DirectFile reader = DirectFile.Open(path, Options with { Access = FileAccess.Read });
        Assert.Equal(
            RefusalReason.BlockMapUnverified, Assert.Throws<MapRefusedException>(() => reader.Map(MapOptions.DirectOrEmulated)).Reason);

        using DirectFile first = DirectFile.Open(path, Options); // copies it up
        using MappedRegion region = first.Map(MapOptions.DirectOrEmulated with { Access = MappingAccess.Read });
        using DirectFile second = DirectFile.Open(path, Options);

        Assert.Equal(first.Id, second.Id);
        // a lower hard link is another file after the copy; opening it ends
        using DirectFile otherLink = DirectFile.Open(otherName, Options);
        BreakOptions refuse = new() { WhenUnavailable = WhenUnavailable.Refuse };
        Assert.Equal(
            LeaseConflict.WouldBlock, Assert.Throws<LeaseConflictException>(() => second.SetLength(0, refuse)).Conflict);
        Assert.Equal(BlockMapStability.Unverified, region.Facts.BlockMapStability);
        Assert.Equal(DurabilityKind.Unknown, region.Facts.Durability.Value);
        Assert.Equal(RefusalReason.BlockMapUnverified, Assert.Throws<MapRefusedException>(() => first.Map(MapOptions.Direct)).Reason);
    }

    [Fact]
    public async Task A_cancelled_wait_for_a_mapping_leaves_nothing_behind()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion held = file.Map(MapOptions.DirectOrEmulated);
        Task writing = other.WriteAsync(new byte[] { 1 }, 0).AsTask();
        using CancellationTokenSource impatience = new();
        Task<MappedRegion> waiting = file.MapAsync(
            MapOptions.DirectOrEmulated with { WhenUnavailable = WhenUnavailable.Wait }, impatience.Token).AsTask();

        await impatience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Within());
        Assert.Equal(1, ProcSelf.MappingsOf(Folder.Path));
        held.Dispose();
        await writing.Within();
    }
}
