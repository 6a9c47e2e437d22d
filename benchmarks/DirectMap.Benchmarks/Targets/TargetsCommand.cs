using System.Diagnostics;
using System.Runtime.InteropServices;
using DirectMap.Benchmarks.Peers;
using DirectMap.Linux;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// <c>targets [NAME] [--short]</c>: measures what the library promises to be, as ratios to what a user would take instead, and says of each whether it holds. Exit code: 0 when all hold, 1 when one falls short, 2 when none does but something
/// could not be measured, 64 for a name or a folder that there is not. <c>--short</c> measures a little of everything and judges nothing: for continuous integration, whose machines are others'.
/// </summary>
internal static class TargetsCommand
{
    private static readonly (string Name, Func<Paired, IEnumerable<Line>> Measure)[] s_targets =
    [
        ("access-l1", AccessTargets.Cached),
        ("access-dram", AccessTargets.Uncached),
        ("span-scan", AccessTargets.Scan),
        ("scope", ScopeTargets.Measure),
        ("copy-persist", StoreTargets.Copy),
        ("fill-persist", StoreTargets.Fill),
        ("move-persist", StoreTargets.Move),
        ("page-persist", PagePersistTargets.Measure),
        ("log", LogTargets.Measure),
        ("map", MapTargets.Measure),
        ("lease", LeaseTargets.Lease),
        ("look-up", LeaseTargets.LookUp),
        ("break", LeaseTargets.Break),
        ("policy", PolicyTargets.Measure),
        ("telemetry-off", TelemetryTargets.Measure),
        ("pipe-read", PipelineTargets.Read),
        ("pipe-write", PipelineTargets.Write),
    ];

    /// <summary>The arguments after the command's own name.</summary>
    internal static int Run(ReadOnlySpan<string> arguments)
    {
        bool isShort = arguments.Contains("--short");
        string[] names = [.. arguments.ToArray().Where(argument => argument != "--short")];
        if (names.FirstOrDefault(name => !s_targets.Any(target => target.Name == name)) is { } unknown)
        {
            Console.Error.WriteLine($"There is no target '{unknown}'. There are: {string.Join(", ", s_targets.Select(target => target.Name))}.");
            return 64;
        }

        if (new[] { Place.Memory, Place.Disk }.FirstOrDefault(folder => !Directory.Exists(folder)) is { } missing)
        {
            Console.Error.WriteLine($"There is no folder '{missing}'.");
            return 64;
        }

        Console.WriteLine(
            $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} processors, {CacheFlush.Missing ?? CacheFlush.Used.ToString()}, "
            + $"non-temporal stores evict: {(CacheFlush.Missing is null && CacheFlush.NonTemporalStoresEvict ? "documented" : "not documented")}, {Pmem2.Missing ?? "libpmem2"}");
        Console.WriteLine($"files: in memory {Place.Memory}, on a disk {Place.Disk} ({new DriveInfo(Place.Disk).DriveFormat}){(isShort ? "; short: nothing is judged" : "")}");
        Paired paired = new(isShort);
        int[] verdicts = new int[3];
        long began = Stopwatch.GetTimestamp();
        foreach ((string name, Func<Paired, IEnumerable<Line>> measure) in s_targets)
        {
            if (names.Length != 0 && !names.Contains(name))
            {
                continue;
            }

            foreach (Line line in Measure(measure, paired))
            {
                verdicts[(int)line.Verdict]++;
                string verdict = line.Verdict == Verdict.NotMeasured ? "not measured" : isShort ? "not judged" : line.Verdict == Verdict.Holds ? "holds" : "falls short";
                Console.WriteLine($"{name,-13} | {line.Case,-44} | {line.Target,-16} | {line.Figure} | {verdict}");
            }
        }

        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        Console.WriteLine(isShort
            ? Line.Text($"{seconds:0} s; nothing was judged, {verdicts[(int)Verdict.NotMeasured]} not measured")
            : Line.Text($"{seconds:0} s; {verdicts[(int)Verdict.Holds]} hold, {verdicts[(int)Verdict.FallsShort]} fall short, {verdicts[(int)Verdict.NotMeasured]} not measured"));
        return isShort ? 0 : verdicts[(int)Verdict.FallsShort] != 0 ? 1 : verdicts[(int)Verdict.NotMeasured] != 0 ? 2 : 0;
    }
    /// <summary>The lines of one target. A file that cannot be made or mapped (/dev/shm of a container is small) ends that target, and not those that come after it.</summary>
    private static IEnumerable<Line> Measure(Func<Paired, IEnumerable<Line>> measure, Paired paired)
    {
        IEnumerator<Line>? lines = null;
        try
        {
            while (true)
            {
                Line line;
                try
                {
                    lines ??= measure(paired).GetEnumerator();
                    if (!lines.MoveNext())
                    {
                        yield break;
                    }

                    line = lines.Current;
                }
                catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or MapRefusedException)
                {
                    line = Line.NotMeasured("the rest of it", failure.Message);
                    lines = Enumerable.Empty<Line>().GetEnumerator();
                }

                yield return line;
            }
        }
        finally
        {
            lines?.Dispose();
        }
    }
}
