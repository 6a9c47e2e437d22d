using System.ComponentModel;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// The fault policy's look at 100,000 extents, beside the bare walk over them: the work is that of <see cref="BlockMapBenchmarks"/>.
/// </summary>
internal static class PolicyTargets
{
    internal static IEnumerable<Line> Measure(Paired paired)
    {
        const string Case = "Map of 100,000 written extents, to FIEMAP";
        if (!Environment.IsPrivilegedProcess)
        {
            return [Line.NotMeasured(Case, "needs root, for an ext4 of its own")];
        }

        BlockMapBenchmarks benchmarks = new();
        try
        {
            benchmarks.Setup();
            return [Line.AtMost(Case, 1.5, paired.Compare(Map, Walk, TimeSpan.FromTicks(1), paired.IsShort ? 8 : 60))];
        }
        catch (Exception failure) when (failure is InvalidOperationException or Win32Exception)
        {
            return [Line.NotMeasured(Case, failure.Message)];
        }
        finally
        {
            benchmarks.Cleanup();
        }

        void Map(int count)
        {
            for (int i = 0; i < count; i++)
            {
                benchmarks.MapUnderTheStrictPolicy();
            }
        }

        void Walk(int count)
        {
            for (int i = 0; i < count; i++)
            {
                benchmarks.BareWalk();
            }
        }
    }
}
