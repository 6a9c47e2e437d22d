using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Regions;

public sealed class LeakTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Fact]
    public void No_descriptor_mapping_or_native_memory_is_left_however_things_end() =>
        AssertExit0(ChildProcess.Run(LeakCases.EveryWayToEnd, _directory.Path));

    /// <summary>The counts of zero above say something only if what is held is counted.</summary>
    [Fact]
    public void Each_descriptor_mapping_and_piece_of_native_memory_that_is_held_is_counted() =>
        AssertExit0(ChildProcess.Run(LeakCases.WhatIsHeld, _directory.Path));

    [Fact]
    public void Disposed_regions_that_are_dropped_never_add_up_and_those_that_are_kept_end_in_a_clear_error() =>
        AssertExit0(ChildProcess.Run(LeakCases.RegionsAddUp, _directory.Path));

    public void Dispose() => _directory.Dispose();

    private static void AssertExit0(ChildProcess.Result result) => Assert.True(result.ExitCode == 0, result.ToString());
}
