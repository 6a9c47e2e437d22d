using System.IO.MemoryMappedFiles;
using DirectMap.Mapping;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

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
        long left = Left();
        if (refused.HResult != 12 || !refused.Message.Contains("vm.max_map_count", StringComparison.Ordinal)
            || left is < 200 or > 2 * MappingCount.Reserve)
        {
            Console.WriteLine($"errno {refused.HResult}, {left} left");
            return 2;
        }

        // Refused again and again, it collects now and then.
        int collections = GC.CollectionCount(2);
        for (int i = 0; i < 100; i++)
        {
            _ = MapAll(file, regions);
        }

        if (GC.CollectionCount(2) - collections > 10)
        {
            Console.WriteLine($"{GC.CollectionCount(2) - collections} collections");
            return 4;
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

    /// <summary>Has many mappings of its own before it maps the first region; maps until that is refused.</summary>
    internal static int MapBesideOthers(string[] arguments)
    {
        int others = int.Parse(arguments[1], System.Globalization.CultureInfo.InvariantCulture);
        using DirectFile file = DirectFile.Create(arguments[0], 4096);
        using MemoryMappedFile map = MemoryMappedFile.CreateNew(null, 4096);
        List<IDisposable> views = [];
        while (views.Count < others)
        {
            views.Add(map.CreateViewAccessor());
        }

        List<MappedRegion> regions = [];
        IOException refused = MapAll(file, regions);
        long left = Left();
        views.ForEach(view => view.Dispose());
        Console.WriteLine($"{refused.Message} {left} left");

        // No region has gone, so nobody says that there is room again.
        Soon.Until(() => Record.Exception(() => regions.Add(file.Map(MapOptions.DirectOrEmulated))) is null, "the refusal ends");
        return refused.HResult == 12 && left is >= 200 and <= 2 * MappingCount.Reserve ? 0 : 2;
    }

    /// <summary>
    /// Maps one region; then others take many mappings, and a few beside each further region, until regions are refused.
    /// </summary>
    internal static int MapBesideLaterOthers(string[] arguments)
    {
        int others = int.Parse(arguments[1], System.Globalization.CultureInfo.InvariantCulture);
        int besideEach = int.Parse(arguments[2], System.Globalization.CultureInfo.InvariantCulture);
        using DirectFile file = DirectFile.Create(arguments[0], 4096);
        List<IDisposable> mapped = [file.Map(MapOptions.DirectOrEmulated)];
        using MemoryMappedFile map = MemoryMappedFile.CreateNew(null, 4096);
        for (int i = 0; i < others; i++)
        {
            mapped.Add(map.CreateViewAccessor());
        }

        while (true)
        {
            try
            {
                mapped.Add(file.Map(MapOptions.DirectOrEmulated));
            }
            catch (IOException refused)
            {
                long left = Left();
                Console.WriteLine($"{refused.Message} {left} left");
                return refused.HResult == 12 && left is >= 50 and <= 2 * MappingCount.Reserve ? 0 : 2;
            }

            for (int i = 0; i < besideEach; i++)
            {
                mapped.Add(map.CreateViewAccessor());
            }
        }
    }

    /// <summary>Maps the first region of the process when there is no descriptor left to read the list of mappings with.</summary>
    internal static int MapWithoutDescriptors(string[] arguments)
    {
        using DirectFile file = DirectFile.Create(arguments[0], 4096);
        file.Probe(MapOptions.Ordinary).ThrowIfRefused(); // It maps as well, and loads what is needed for it.
        List<SafeFileHandle> handles = [];
        try
        {
            while (true)
            {
                handles.Add(File.OpenHandle(arguments[0], FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            }
        }
        catch (IOException)
        {
            // Too many open files.
        }

        for (int i = 0; i < 2 * MappingCount.Reserve; i++)
        {
            _ = file.Map(MapOptions.Ordinary);
        }

        handles.ForEach(handle => handle.Dispose());
        return 0;
    }

    private static long Left() => long.Parse(File.ReadAllText("/proc/sys/vm/max_map_count")) - File.ReadLines("/proc/self/maps").Count();

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
