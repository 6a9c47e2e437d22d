using System.Collections.Concurrent;
using System.Diagnostics;

namespace DirectMap.Benchmarks.Targets;

/// <summary>What the witness costs those who store, persist and open; and how soon it tells.</summary>
internal static class WitnessTargets
{
    private const long Length = 1 << 20;

    private static readonly DirectFileOptions s_none = DirectFileOptions.Default with { Guard = GuardOptions.None };

    private static MappedRegion s_watched = null!;
    private static MappedRegion s_unwatched = null!;
    private static string s_path = null!;

    internal static IEnumerable<Line> Measure(Paired paired)
    {
        using Place place = new(Place.Disk, Length);
        using Place other = new(Place.Disk, Length);
        using DirectFile unwatched = DirectFile.Open(other.Path, s_none);
        MapOptions lines = MapOptions.Default with { EmulatedGranularity = PersistGranularity.CacheLine };
        s_watched = place.File.Map(lines);
        s_unwatched = unwatched.Map(lines);
        using Place closed = new(Place.Disk, Length);
        closed.File.Dispose(); // Nobody has it open: each opening is the first.
        s_path = closed.Path;
        yield return Line.AtMost("a store, to one without a witness", 1.02, paired.Compare(WatchedStores, Stores));
        yield return Line.AtMost("a persist of 64 bytes, to one without a witness", 1.02, paired.Compare(WatchedPersists, Persists));
        yield return Line.AtMost(
            "a file opened and closed, to one without a witness",
            1.15,
            paired.Compare(WatchedOpens, Opens, TimeSpan.FromMicroseconds(500)));
        yield return Line.AtMost("a foreign write, until it is told", "us", 100, TimeToTell(place.File, paired.IsShort ? 20 : 1000));
        s_watched.Dispose();
        s_unwatched.Dispose();
    }

    /// <summary>Median, in microseconds, from before the other process's write.</summary>
    private static double TimeToTell(DirectFile file, int count)
    {
        ConcurrentQueue<double> times = new();
        using ManualResetEventSlim enough = new();
        using MappedRegion region = file.Map();
        region.Trespassed += (_, _) =>
        {
            times.Enqueue(Stopwatch.GetElapsedTime(region.Read<long>(0)).TotalMicroseconds);
            if (times.Count >= count)
            {
                enough.Set();
            }
        };
        using Process child = WitnessChild.Start(file.Path);
        bool isEnough = enough.Wait(TimeSpan.FromMinutes(1));
        child.StandardInput.Close();
        child.WaitForExit();
        return isEnough ? Paired.Median([.. times]) : double.PositiveInfinity;
    }

    private static void WatchedStores(int count) => Store(s_watched, count);

    private static void Stores(int count) => Store(s_unwatched, count);

    private static void Store(MappedRegion region, int count)
    {
        for (int i = 0; i < count; i++)
        {
            region.Write(8 * (i & 1023), (long)i);
        }
    }

    private static void WatchedPersists(int count) => Persist(s_watched, count);

    private static void Persists(int count) => Persist(s_unwatched, count);

    private static void Persist(MappedRegion region, int count)
    {
        for (int i = 0; i < count; i++)
        {
            region.Persist(64 * (i & 1023), 64);
        }
    }

    private static void WatchedOpens(int count)
    {
        for (int i = 0; i < count; i++)
        {
            DirectFile.Open(s_path).Dispose();
        }
    }

    private static void Opens(int count)
    {
        for (int i = 0; i < count; i++)
        {
            DirectFile.Open(s_path, s_none).Dispose();
        }
    }
}
