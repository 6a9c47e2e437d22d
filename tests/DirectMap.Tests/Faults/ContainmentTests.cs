using DirectMap.Tests.Children;
using DirectMap.Tests.Docs;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Faults;

/// <summary>What stands between a fault and the end of the process.</summary>
public sealed class ContainmentTests : FileTest
{
    [Theory]
    [InlineData(FaultContainment.Auto)]
    [InlineData(FaultContainment.Required)]
    public void With_the_handler_a_truncation_is_an_exception(FaultContainment wanted)
    {
        Requires.Native();
        ChildProcess.Result result = ChildProcess.Run(ContainmentCases.TruncateUnder, Folder.File(), wanted.ToString(), "Linux");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.StartsWith("Handler", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FaultContainment.Off, "Linux")]
    [InlineData(FaultContainment.Off, "Portable")]
    [InlineData(FaultContainment.Auto, "Portable")]
    public void Without_containment_a_truncation_ends_the_process(FaultContainment wanted, string backing)
    {
        ChildProcess.Result result = ChildProcess.Run(ContainmentCases.TruncateUnder, Folder.File(), wanted.ToString(), backing);

        Assert.True(result.ExitCode == 134, result.ToString());
        Assert.StartsWith("None", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_region_tells_its_containment_and_reach()
    {
        Requires.Native();
        using DirectFile file = Create();
        using MappedRegion automatic = file.Map(MapOptions.DirectOrEmulated);
        using MappedRegion required = file.Map(
            MapOptions.Ordinary with { FaultContainment = FaultContainment.Required, FaultReach = FaultReach.Page });
        using MappedRegion off = file.Map(MapOptions.DirectOrEmulated with { FaultContainment = FaultContainment.Off });

        Assert.Equal(
            [ContainmentKind.Handler, ContainmentKind.Handler, ContainmentKind.None],
            [automatic.Facts.Containment.Value, required.Facts.Containment.Value, off.Facts.Containment.Value]);
        Assert.Equal([FaultReach.Region, FaultReach.Page, FaultReach.Region],
            [automatic.Facts.FaultReach, required.Facts.FaultReach, off.Facts.FaultReach]);
        Assert.All([automatic, required, off], region => Assert.NotEmpty(region.Facts.Containment.Reason));
        Assert.Empty(off.GetLostRanges());
        Assert.Empty(off.RestoreLostPages());
    }

    [Fact]
    public void The_portable_backing_contains_nothing_and_refuses_what_requires_it()
    {
        using DirectFile file = DirectFile.Create(Folder.File(), 64 << 10, Options with { Backing = FileBackingKind.Portable });
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        MapRefusedException refused = Assert.Throws<MapRefusedException>(() =>
            file.Map(MapOptions.Ordinary with { FaultContainment = FaultContainment.Required }));

        Assert.Equal((RefusalReason.FaultsNotContained, 95), (refused.Reason, refused.HResult));
        Assert.Equal(region.Facts.Containment.Reason, refused.Detail);
        Assert.Equal(ContainmentKind.None, region.Facts.Containment.Value);
        Assert.Empty(region.GetLostRanges());
        Assert.Empty(region.RestoreLostPages());
        Assert.Single(Coordinator.Snapshot(file.Id).Leases); // the refused one has left none behind
    }

    [Theory]
    [InlineData(FileBackingKind.Linux)]
    [InlineData(FileBackingKind.Portable)]
    public void Values_that_are_not_of_the_enumerations_are_bad_arguments(FileBackingKind backing)
    {
        using DirectFile file = DirectFile.Create(Folder.File(), 4096, Options with { Backing = backing });

        Assert.Equal("options", Assert.Throws<ArgumentOutOfRangeException>(() =>
            file.Map(MapOptions.Ordinary with { FaultContainment = (FaultContainment)3 })).ParamName);
        Assert.Equal("options", Assert.Throws<ArgumentOutOfRangeException>(() =>
            file.Map(MapOptions.DirectOrEmulated with { FaultContainment = (FaultContainment)(-1) })).ParamName);
        Assert.Equal("options", Assert.Throws<ArgumentOutOfRangeException>(() =>
            file.Map(MapOptions.DirectOrEmulated with { FaultReach = (FaultReach)2 })).ParamName);
    }

    [Fact]
    public void Without_the_native_library_only_copies_are_contained_and_what_requires_more_is_refused() =>
        AssertExit0(ChildProcess.RunWithoutNativeLibrary(ContainmentCases.WithoutTheLibrary, Folder.File()));

    [Fact]
    public void Without_the_native_library_any_other_access_ends_the_process()
    {
        ChildProcess.Result result = ChildProcess.RunWithoutNativeLibrary(ContainmentCases.TruncateUnder, Folder.File(), "Auto", "Linux");

        Assert.True(result.ExitCode == 134, result.ToString());
        Assert.StartsWith("Copies", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_native_library_a_page_that_cannot_be_read_is_an_exception_when_it_is_mapped() =>
        AssertExit0(ChildProcess.RunWithoutNativeLibrary(ContainmentCases.CutWhileBeingMapped, Folder.File()));

    [Fact]
    public void Without_the_native_library_mapping_a_sparse_file_allocates_no_block()
    {
        AssertExit0(ChildProcess.RunWithoutNativeLibrary(ContainmentCases.MapASparseFile, Folder.File("sparse")));

        Requires.DevShm();
        using TestDirectory inMemory = new("/dev/shm");
        AssertExit0(ChildProcess.RunWithoutNativeLibrary(ContainmentCases.MapASparseFile, inMemory.File("sparse")));
    }

    [Fact]
    public void Where_somebody_else_has_taken_the_signal_over_what_requires_containment_is_refused()
    {
        Requires.Native();
        AssertExit0(ChildProcess.Run(ContainmentCases.WithAnotherHandler, Folder.File()));
    }

    [Fact]
    public void More_lost_pages_than_the_process_may_have_take_the_whole_region_with_them_and_the_process_lives()
    {
        Requires.Native();
        AssertExit0(ChildProcess.Run(ContainmentCases.LoseMorePagesThanThereMayBe, Folder.File()));
    }

    [Theory]
    [InlineData("one")]
    [InlineData("whole")]
    public void Where_the_kernel_gives_no_anonymous_memory_a_file_in_memory_takes_the_place_of_what_is_lost(string which)
    {
        Requires.Native();
        AssertExit0(ChildProcess.Run(ContainmentCases.LoseAPageWithoutAnonymousMemory, Folder.File(), which));
    }

    [Fact]
    public void Who_maps_with_SIGBUS_blocked_is_told_and_refused_what_requires_containment()
    {
        Requires.Native();
        AssertExit0(ChildProcess.Run(SignalCases.MapWhileBlocked, Folder.File()));
    }

    [Fact]
    public void A_thread_that_has_SIGBUS_blocked_ends_the_process_at_its_fault_unless_it_unblocks_it()
    {
        Requires.Native();
        AssertExit0(ChildProcess.Run(SignalCases.FaultWhileBlocked, Folder.File("one"), "unblocked"));
        Assert.Equal(135, ChildProcess.Run(SignalCases.FaultWhileBlocked, Folder.File("other"), "blocked").ExitCode);
    }

    [Fact]
    public void Threads_of_the_library_take_the_signal_whoever_begins_them() =>
        AssertExit0(ChildProcess.Run(SignalCases.BeginThreadsWhileBlocked, Folder.File()));

    [Fact]
    public void Where_copies_by_system_calls_are_forbidden_too_nothing_is_contained_and_what_requires_it_is_refused() =>
        AssertExit0(ChildProcess.RunWithoutNativeLibrary(SignalCases.WithoutLibraryAndCopies, Folder.File()));

    private static void AssertExit0(ChildProcess.Result result) => Assert.True(result.ExitCode == 0, result.ToString());
}
