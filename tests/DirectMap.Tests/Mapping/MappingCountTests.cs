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
        int limit = int.Parse(File.ReadAllText("/proc/sys/vm/max_map_count"), System.Globalization.CultureInfo.InvariantCulture);
        Assert.SkipWhen(limit > MostThatTakesSeconds, $"vm.max_map_count is {limit} here");

        ChildProcess.Result result = ChildProcess.Run(MappingCountCases.MapUntilRefused, Folder.File(), $"{backing}");

        Assert.True(result.ExitCode == 0, result.ToString());
    }
}
