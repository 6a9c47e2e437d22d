using System.Diagnostics;
using System.Runtime.InteropServices;
using DirectMap.Benchmarks.Infrastructure;
using DirectMap.Benchmarks.Peers;
using DirectMap.Linux;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// <c>targets [NAME] [--short]</c>: measures what the library promises to be, as ratios to what a user would take instead, and says of each
/// whether it holds. Exit code: 0 when all hold, 1 when one falls short, 2 when none does but something could not be measured, 64 for a
/// name or a folder that there is not, 70 when a measurement failed. <c>--short</c> measures a little of everything and judges nothing: for
/// continuous integration, whose machines are others'.
/// </summary>
internal static partial class TargetsCommand
{
    private const int SIGTERM = 15;
    private const string Short = "--short";
    private const string Part = "--part"; // for the command itself: the lines only
    private const string Holds = "holds";
    private const string FallsShort = "falls short";
    private const string NotMeasured = "not measured";

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
        ("large-persist", LargePersistTargets.Measure),
        ("page-copy", LogAppendTargets.Copy),
        ("log", LogTargets.Measure),
        ("log-append", LogAppendTargets.One),
        ("log-threads", LogThreadTargets.Measure),
        ("log-async", LogAsyncTargets.Measure),
        ("log-recovery", LogOpeningTargets.Recovery),
        ("log-seek", LogOpeningTargets.Seek),
        ("log-follow", FollowTargets.Measure),
        ("map", MapTargets.Measure),
        ("lease", LeaseTargets.Lease),
        ("look-up", LeaseTargets.LookUp),
        ("break", LeaseTargets.Break),
        ("break-crowd", CrowdTargets.Measure),
        ("witness", WitnessTargets.Measure),
        ("guard", GuardTargets.Measure),
        ("policy", PolicyTargets.Measure),
        ("telemetry-off", TelemetryTargets.Measure),
        ("pipe-read", PipelineTargets.Read),
        ("pipe-write", PipelineTargets.Write),
    ];

    /// <summary>The arguments after the command's own name.</summary>
    internal static int Run(ReadOnlySpan<string> arguments)
    {
        bool isShort = arguments.Contains(Short);
        bool isPart = arguments.Contains(Part);
        string[] names = [.. arguments.ToArray().Where(argument => argument is not (Short or Part))];
        if (names.FirstOrDefault(name => !s_targets.Any(target => target.Name == name)) is { } unknown)
        {
            Console.Error.WriteLine(
                $"There is no target '{unknown}'. There are: {string.Join(", ", s_targets.Select(target => target.Name))}.");
            return 64;
        }

        if (new[] { Place.Memory, Place.Disk }.FirstOrDefault(folder => !Directory.Exists(folder)) is { } missing)
        {
            Console.Error.WriteLine($"There is no folder '{missing}'.");
            return 64;
        }

        (string Name, Func<Paired, IEnumerable<Line>> Measure)[] chosen =
            [.. s_targets.Where(target => names.Length == 0 || names.Contains(target.Name))];
        if (isPart)
        {
            Array.ForEach(chosen, target => Measure(target.Name, target.Measure, new Paired(isShort)));
            return 0;
        }

        Console.WriteLine(
            $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} processors, "
                + $"{CacheFlush.Missing ?? CacheFlush.Used.ToString()}, "
            + "non-temporal stores evict: "
            + $"{(CacheFlush.Missing is null && CacheFlush.NonTemporalStoresEvict ? "documented" : "not documented")}, "
            + $"{Pmem2.Missing ?? "libpmem2"}");
        Console.WriteLine(
            $"files: in memory {Place.Memory}, on a disk {Place.Disk} "
                + $"({new DriveInfo(Place.Disk).DriveFormat}){(isShort ? "; short: nothing is judged" : "")}");
        long began = Stopwatch.GetTimestamp();
        List<string> lines = [];
        foreach ((string name, _) in chosen)
        {
            if (!TryMeasureApart(name, isShort, lines))
            {
                return 70;
            }
        }

        int Count(string verdict) => lines.Count(line => line.EndsWith("| " + verdict, StringComparison.Ordinal));
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        Console.WriteLine(isShort
            ? Line.Text($"{seconds:0} s; nothing was judged, {Count(NotMeasured)} not measured")
            : Line.Text($"{seconds:0} s; {Count(Holds)} hold, {Count(FallsShort)} fall short, {Count(NotMeasured)} not measured"));
        return isShort ? 0 : Count(FallsShort) != 0 ? 1 : Count(NotMeasured) != 0 ? 2 : 0;
    }

    /// <summary>
    /// In a process of its own: what one target leaves behind (a large heap, a pool with many threads) is not in the next one's figures.
    /// </summary>
    private static bool TryMeasureApart(string name, bool isShort, List<string> lines)
    {
        string program = Environment.ProcessPath!;
        ProcessStartInfo start = new(program) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            start.ArgumentList.Add(typeof(TargetsCommand).Assembly.Location);
        }

        foreach (string argument in (string[])["targets", name, Part, .. isShort ? [Short] : Array.Empty<string>()])
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        using WhenStopped whenStopped = WhenStopped.Do(() =>
        {
            _ = kill(process.Id, SIGTERM); // It has files to remove.
            process.WaitForExit();
        });
        while (process.StandardOutput.ReadLine() is { } line)
        {
            Console.WriteLine(line);
            lines.Add(line);
        }

        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            Console.Error.WriteLine($"{name}: the measurement failed (exit code {process.ExitCode}).");
        }

        return process.ExitCode == 0;
    }

    private static void Measure(string name, Func<Paired, IEnumerable<Line>> measure, Paired paired)
    {
        foreach (Line line in LinesOf(measure, paired))
        {
            string verdict = line.Verdict switch
            {
                Verdict.NotMeasured => NotMeasured,
                _ when paired.IsShort => "not judged",
                Verdict.Holds => Holds,
                _ => FallsShort,
            };
            Console.WriteLine($"{name,-13} | {line.Case,-44} | {line.Target,-16} | {line.Figure} | {verdict}");
        }
    }

    /// <summary>
    /// The lines of one target. A file that cannot be made, mapped or guarded (/dev/shm of a container is small) ends that target, and not
    /// those that come after it.
    /// </summary>
    private static IEnumerable<Line> LinesOf(Func<Paired, IEnumerable<Line>> measure, Paired paired)
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
                catch (Exception failure)
                    when (failure is IOException or UnauthorizedAccessException or MapRefusedException or NotSupportedException)
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

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
