using System.Diagnostics;
using System.Globalization;
using DirectMap.FaultLoad.Infrastructure;

namespace DirectMap.FaultLoad.Load;

/// <summary>
/// Very many faults at once, with everything that disturbs them: collections, null references, mapping and unmapping, restorations,
/// disposals, revocations. What the process occupies after the first half and after the second must be the same. Where it is not, some more
/// are made: the runtime keeps more at one time than at another, but what leaks grows each time.
/// </summary>
internal sealed class LoadRun(int faults, int threads, int secondsLimit)
{
    private const int NullReferenceThreads = 2;
    private const int ChurnThreads = 2;
    private const int MoreParts = 3;

    private readonly Tally _tally = new();
    private readonly Failures _failures = new();
    private readonly long _began = Stopwatch.GetTimestamp();

    /// <summary>For the command line.</summary>
    internal static int Start(string[] arguments)
    {
        Arguments given = new(arguments, "--faults", "--threads", "--seconds-limit");
        return new LoadRun(
            given.Get("--faults", 1_000_000), given.Get("--threads", 32), given.Get("--seconds-limit", int.MaxValue / 1000)).Run();
    }

    private int Run()
    {
        using TempFolder folder = new(TempFolder.Fastest);
        using Watchdog watchdog = new();
        CheckContainment(folder.Path);
        string growth = "";
        if (_failures.Count == 0)
        {
            int half = Math.Max(1, faults / 2);
            Part(folder.Path, watchdog, half, 1);
            Footprint early = Footprint.Take(folder.Path);
            for (int part = 2; ; part++)
            {
                Part(folder.Path, watchdog, faults + ((part - 2L) * half), part);
                Footprint late = Footprint.Take(folder.Path);
                growth += $"{(growth.Length > 0 ? ", then " : "")}{late.GrowthSince(early)}";
                if (late.HasNotGrownSince(early) || part == 2 + MoreParts || IsTimeOver())
                {
                    late.Check(early, _failures);
                    break;
                }

                early = late;
            }
        }

        CheckCounts();
        _failures.Print();
        TimeSpan time = Stopwatch.GetElapsedTime(_began);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{_tally.Faults} faults in {time.TotalSeconds:f1} s with {threads} threads: {_tally.Faults / time.TotalSeconds:f0}/s, "
                + $"{time.TotalMicroseconds / Math.Max(1, _tally.Faults):f1} us each; {_tally.Reports} exceptions, {_tally.LostReports} "
                + $"lost reports, {_tally.NullReferences} null references caught, {_tally.Collections} collections asked for "
                + $"({GC.CollectionCount(0)}), {_tally.Maps} maps; {growth}; {(_failures.Count == 0 ? "good" : "FAILED")}"));
        return _failures.Count == 0 ? 0 : 1;
    }

    private void CheckContainment(string folder)
    {
        try
        {
            using TargetFile file = new(folder, 1, _tally);
            file.Map(new Random(1)).Dispose();
        }
        catch (MapRefusedException exception)
        {
            _failures.Add($"faults are not contained: {exception.Message}");
        }
    }

    private bool IsTimeOver() => Stopwatch.GetElapsedTime(_began).TotalSeconds >= secondsLimit;

    private void Part(string folder, Watchdog watchdog, long upTo, int seed)
    {
        bool IsOver() => _tally.Faults >= upTo || IsTimeOver();

        using ManualResetEventSlim go = new();
        List<Team> teams = [];
        List<Actor> actors = [];
        for (int left = threads; left > 0;)
        {
            // Half of the threads alone, a quarter in pairs, the others by four.
            int used = threads - left;
            int size = Math.Min(left, used < threads / 2 ? 1 : used < threads * 3 / 4 ? 2 : 4);
            Team team = new(size, folder, _tally, _failures, IsOver, (seed * 1000) + teams.Count);
            for (int member = 0; member < size; member++)
            {
                int number = member;
                actors.Add(new Actor($"team {teams.Count}, member {member} of {size}", actor => Run(actor, team, number), _failures));
            }

            teams.Add(team);
            left -= size;
        }

        Actor[] faulting = [.. actors];

        bool AreDone() => Array.TrueForAll(faulting, actor => actor.IsDone);
        actors.Add(new Actor("collector", actor => Collector.Run(actor, _tally, AreDone), _failures));
        for (int i = 0; i < NullReferenceThreads; i++)
        {
            actors.Add(new Actor($"null references {i}", actor => NullReferences.Run(actor, _tally, _failures, AreDone), _failures));
        }

        for (int i = 0; i < ChurnThreads; i++)
        {
            Churn churn = new(folder, _tally, _failures, (seed * 1000) + i);
            actors.Add(new Actor($"churn {i}", actor => churn.Run(actor, AreDone), _failures));
        }

        watchdog.Watch([.. actors]);
        actors.ForEach(actor => actor.Start());
        actors.ForEach(actor => actor.WaitUntilRunning());
        go.Set();
        actors.ForEach(actor => actor.Join());
        watchdog.Watch([]);
        teams.ForEach(team => team.Dispose());

        // All at once, and not before those that disturb are at it.
        void Run(Actor actor, Team team, int member)
        {
            actor.Step("waiting for the others");
            go.Wait();
            team.Run(actor, member);
        }
    }

    /// <summary>A load that did nothing would find nothing.</summary>
    private void CheckCounts()
    {
        if (_failures.Count == 0
            && ((_tally.Faults < faults && !IsTimeOver()) || _tally.Faults == 0 || _tally.Reports < _tally.Faults / Access.MaxPages
                || _tally.NullReferences == 0 || _tally.Collections == 0))
        {
            _failures.Add("there was not enough of everything");
        }
    }
}
