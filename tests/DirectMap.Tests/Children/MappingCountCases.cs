using DirectMap.Mapping;

namespace DirectMap.Tests.Children;

/// <summary>Cases that take nearly all memory mappings that the kernel allows a process.</summary>
internal static class MappingCountCases
{
    /// <summary>Maps until that is refused; lets half go, and maps again.</summary>
    internal static int MapUntilRefused(string[] arguments)
    {
        DirectFileOptions options = new() { Backing = Enum.Parse<FileBackingKind>(arguments[1]) };
        using DirectFile file = DirectFile.Create(arguments[0], 4096, options);
        List<MappedRegion> regions = [];
        IOException refused = MapAll(file, regions);
        Console.WriteLine(refused.Message);
        long left = long.Parse(File.ReadAllText("/proc/sys/vm/max_map_count")) - File.ReadLines("/proc/self/maps").Count();
        if (refused.HResult != 12 || !refused.Message.Contains("vm.max_map_count", StringComparison.Ordinal)
            || left is < 200 or > 2 * MappingCount.Reserve)
        {
            Console.WriteLine($"errno {refused.HResult}, {left} left");
            return 2;
        }

        // The process lives: new code is compiled, threads start.
        int sum = 0;
        Thread thread = new(() => sum = Enumerable.Range(0, 100).Select(number => number * 2).Where(number => number % 3 == 0).Sum());
        thread.Start();
        thread.Join();
        int count = regions.Count;
        regions.RemoveRange(0, count / 2);
        regions.ForEach(region => region.Dispose());
        regions.Clear();
        file.Map(MapOptions.DirectOrEmulated).Dispose();
        return sum > 0 && count > 1000 ? 0 : 3;
    }

    private static IOException MapAll(DirectFile file, List<MappedRegion> regions)
    {
        while (true)
        {
            try
            {
                regions.Add(file.Map(MapOptions.DirectOrEmulated));
            }
            catch (IOException refused)
            {
                return refused;
            }
        }
    }
}
