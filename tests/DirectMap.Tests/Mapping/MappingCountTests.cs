using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Mapping;

/// <summary>At the kernel's limit of mappings the runtime ends the process; so there are no regions any more before.</summary>
public sealed class MappingCountTests : FileTest
{
    private const int MostThatTakesSeconds = 200_000;

    [Theory]
    [InlineData(FileBackingKind.Linux)]
    [InlineData(FileBackingKind.Portable)]
    public void Live_regions_are_refused_by_name_while_some_hundred_mappings_are_left(FileBackingKind backing)
    {
        _ = Limit();

        ChildProcess.Result result = ChildProcess.Run(MappingCountCases.MapUntilRefused, Folder.File(), $"{backing}");

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public void So_are_they_where_the_process_has_most_of_the_mappings_itself_before_the_first_region()
    {
        ChildProcess.Result result = ChildProcess.Run(MappingCountCases.MapBesideOthers, Folder.File(), $"{Limit() - 15_000}");

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Theory]
    [InlineData(0)] // then regions only
    [InlineData(1)] // one beside each region
    [InlineData(2)]
    public void So_are_they_where_others_take_half_of_the_mappings_after_the_first_region(int besideEach)
    {
        ChildProcess.Result result = ChildProcess.Run(
            MappingCountCases.MapBesideLaterOthers, Folder.File(), $"{Limit() * 51L / 100}", $"{besideEach}");

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    /// <summary>The list of mappings cannot be read then.</summary>
    [Fact]
    public void Where_no_file_can_be_opened_any_more_regions_are_mapped_all_the_same()
    {
        string[] few = ["prlimit", "--nofile=400:400"];

        ChildProcess.Result result = ChildProcess.RunUnder(few, MappingCountCases.MapWithoutDescriptors, Folder.File());

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    private static int Limit()
    {
        int limit = int.Parse(File.ReadAllText("/proc/sys/vm/max_map_count"), System.Globalization.CultureInfo.InvariantCulture);
        Assert.SkipWhen(limit > MostThatTakesSeconds, $"vm.max_map_count is {limit} here");
        return limit;
    }
}
