using System.Globalization;
using DirectMap.FaultLoad.Infrastructure;
using DirectMap.Mapping;

namespace DirectMap.FaultLoad.Load;

/// <summary>What the process occupies when nothing is mapped.</summary>
internal sealed record Footprint(
    int Mappings, int MappingsOfFiles, int Descriptors, int DescriptorsOfFiles, int Words, long PrivateKibibytes)
{
    // What the runtime itself has more or less of at different times: heap segments, stacks of pool threads, code.
    private const int MappingsTolerance = 12;
    private const int DescriptorsTolerance = 2;
    private const long PrivateTolerance = 3 << 10;

    /// <summary>Collects what can be collected, and looks.</summary>
    /// <param name="folder">The folder of the mapped files.</param>
    internal static Footprint Take(string folder)
    {
        for (int i = 0; i < 3 || (i < 100 && RegionMapping.Alive != 0); i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        string[] maps = File.ReadAllLines("/proc/self/maps");
        string[] descriptors = Directory.GetFiles("/proc/self/fd");
        long kibibytes = File.ReadLines("/proc/self/smaps_rollup").Where(line => line.StartsWith("Private_", StringComparison.Ordinal))
            .Sum(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture));
        return new Footprint(
            maps.Length,
            maps.Count(line =>
                line.Contains(folder, StringComparison.Ordinal) || line.Contains("directmap-sink", StringComparison.Ordinal)),
            descriptors.Length,
            descriptors.Count(descriptor => TargetOf(descriptor).StartsWith(folder, StringComparison.Ordinal)),
            RegionMapping.Alive,
            kibibytes);
    }

    internal bool HasNotGrownSince(Footprint early)
    {
        Failures none = new();
        Check(early, none);
        return none.Count == 0;
    }

    /// <summary>Compares it with an earlier one.</summary>
    internal void Check(Footprint early, Failures failures)
    {
        CheckGrowth("mappings", early.Mappings, Mappings, MappingsTolerance);
        CheckGrowth("descriptors", early.Descriptors, Descriptors, DescriptorsTolerance);
        CheckGrowth("KiB of private memory", early.PrivateKibibytes, PrivateKibibytes, PrivateTolerance);
        CheckNone("mappings of the files", MappingsOfFiles);
        CheckNone("descriptors of the files", DescriptorsOfFiles);
        CheckNone("state words", Words);

        void CheckGrowth(string what, long before, long now, long tolerance)
        {
            if (now - before > tolerance)
            {
                failures.Add($"{what} grew from {before} to {now}");
            }
        }

        void CheckNone(string what, int count)
        {
            if (count != 0)
            {
                failures.Add($"{count} {what} are left");
            }
        }
    }

    internal string GrowthSince(Footprint early) =>
        $"mappings {early.Mappings} -> {Mappings}, descriptors {early.Descriptors} -> {Descriptors}, words {early.Words} -> {Words}, "
        + $"private memory {early.PrivateKibibytes >> 10} -> {PrivateKibibytes >> 10} MiB";

    private static string TargetOf(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget ?? "";
        }
        catch (IOException)
        {
            return ""; // The one that the folder was read with.
        }
    }
}
