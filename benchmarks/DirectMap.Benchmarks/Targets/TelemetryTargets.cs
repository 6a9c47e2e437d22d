using DirectMap.Linux;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// What a persist costs more for its instruments while nobody listens to them: Persist has them; WriteBack and Drain do all else.
/// </summary>
internal static class TelemetryTargets
{
    private static MappedRegion s_region = null!;

    internal static IEnumerable<Line> Measure(Paired paired)
    {
        if (CacheFlush.Missing is { } missing)
        {
            yield return Line.NotMeasured("Persist of 8 bytes", missing);
            yield break;
        }

        using Place place = new(Place.Memory, 1 << 20);
        using MappedRegion region = place.File.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = PersistGranularity.CacheLine });
        s_region = region;
        yield return Line.AtMost(
            "store and Persist of 8 bytes, to WriteBack and Drain", 1.02, paired.Compare(Persist, FlushAndDrain, pairs: 1500));
    }

    private static void Persist(int count)
    {
        for (int i = 0; i < count; i++)
        {
            s_region.Write(64, (long)i);
            s_region.Persist(64, sizeof(long));
        }
    }

    private static void FlushAndDrain(int count)
    {
        for (int i = 0; i < count; i++)
        {
            s_region.Write(64, (long)i);
            s_region.WriteBack(64, sizeof(long));
            s_region.Drain();
        }
    }
}
