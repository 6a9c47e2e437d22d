using System.Collections.Concurrent;
using DirectMap.Logs;

namespace DirectMap.Tests.Logs;

/// <summary>
/// A log is opened from what a crash may leave of it: see <see cref="CrashStates"/>. The same check is made over memories that are broken
/// on purpose, and must see it.
/// </summary>
public sealed class LogCrashTests(ITestOutputHelper output)
{
    private const int Words = ((int)LogHeader.AreaOffset + 4096) / sizeof(ulong);

    private static readonly Kind[] s_kinds =
    [
        new(Alignment: 8, IsRing: false, Unit: 64, Appends: 40, MaxLength: 150), // records share lines and straddle them
        new(Alignment: 8, IsRing: true, Unit: 64, Appends: 90, MaxLength: 150), // more than a lap, and records on both sides of the end
        new(Alignment: 64, IsRing: false, Unit: 64, Appends: 40, MaxLength: 150),
        new(Alignment: 64, IsRing: true, Unit: 64, Appends: 60, MaxLength: 200),
        new(Alignment: 8, IsRing: true, Unit: 512, Appends: 60, MaxLength: 300), // pages: sectors that the kernel writes when it likes
        new(Alignment: 512, IsRing: true, Unit: 512, Appends: 40, MaxLength: 700),
        new(Alignment: 64, IsRing: true, Unit: 4096, Appends: 40, MaxLength: 200),
    ];

    [Fact]
    public void What_is_found_after_a_crash_is_a_prefix_with_all_that_was_durable()
    {
        ConcurrentBag<LogCrashCheck> checks = [];
        Parallel.ForEach(
            s_kinds.SelectMany(kind => Enumerable.Range(0, 2).Select(seed => (kind, seed))),
            run => checks.Add(CheckOf(run.kind, run.seed, Breakage.None)));

        Assert.True(
            checks.All(check => check.Failure is null),
            string.Join('\n', checks.Select(check => check.Failure).Where(failure => failure is not null).Order()));
        int states = checks.Sum(check => check.States);
        IEnumerable<string> stops = checks.SelectMany(check => check.Stops)
            .GroupBy(stop => stop.Key)
            .Select(group => $"{group.Sum(stop => stop.Value)} end with {group.Key}");
        output.WriteLine($"{states} different states: {string.Join(", ", stops)}");
        Assert.True(states >= 100_000, $"only {states} states");
    }

    [Theory]
    [InlineData(Breakage.NoPersist)]
    [InlineData(Breakage.FenceFirst)]
    [InlineData(Breakage.FirstUnitOnly)]
    [InlineData(Breakage.AllButTheLastUnit)]
    public void A_persist_that_is_missing_or_in_the_wrong_place_is_seen(object breakage)
    {
        foreach (Kind kind in s_kinds.Where(kind => kind.Unit == 64 || (Breakage)breakage is Breakage.NoPersist or Breakage.FenceFirst))
        {
            LogCrashCheck check = CheckOf(kind, seed: 0, (Breakage)breakage);

            Assert.True(check.Failure is not null, $"{kind}: {check.States} states, and none shows it");
            output.WriteLine($"{kind} {check.States} states: {check.Failure}");
        }
    }

    /// <summary>
    /// An interrupted making of a log over another one leaves the other one whole, or none, or the new one without a record.
    /// </summary>
    [Theory]
    [InlineData(64)]
    [InlineData(4096)]
    public void A_log_that_is_made_over_another_one_replaces_it_as_a_whole(int unit)
    {
        // From the second one on both slots have a state, and without the newer one the log is damaged.
        foreach (int lives in (int[])[1, 2, 3])
        {
            LogScript former = LogScript.Create(new CrashMemory(new ulong[Words]), 8, isRing: false, seed: 1);
            former.Run(10, 100);
            for (int life = 2; life <= lives; life++)
            {
                former = LogScript.Open(
                    new CrashMemory([.. former.Memory.Content]), former.Records, former.Log.DurableSequence, seed: life);
                former.Run(5, 100);
            }

            CrashMemory memory = new([.. former.Memory.Content], unit);
            LogEngine<RecordedMemory> made = LogEngine<RecordedMemory>.Create(memory.Log, 8, isRing: false);
            int whole = memory.Events.Count;
            made.Append([1, 2, 3]);
            made.Trim(2); // Stores to the header's other slot.

            CrashStates states = new(memory, seed: 1);
            int formers = 0, none = 0, news = 0;
            HashSet<(ulong, bool)> seen = [];
            while (states.Step())
            {
                foreach (ulong[] state in states.Here(limit: 2000, hash => seen.Add((hash, states.Point < whole))))
                {
                    RecordedMemory left = new CrashMemory(state, remembers: false).Log;
                    if (LogPlace.Look(left).Kind == LogPlaceKind.HalfMade)
                    {
                        none++;
                        Assert.True(states.Point < whole, "the log that was made is not there");
                        continue;
                    }

                    LogEngine<RecordedMemory> log = LogEngine<RecordedMemory>.Open(left);
                    if (log.Id == made.Id)
                    {
                        news++;
                        Assert.InRange(log.LastSequence, 0, 1);
                    }
                    else
                    {
                        formers++;
                        Assert.Equal(former.Log.Id, log.Id);
                        Assert.Equal(former.Log.LastSequence, log.LastSequence);
                        Assert.True(states.Point < whole, "the former log has come back");
                    }
                }
            }

            Assert.All((int[])[formers, none, news], count => Assert.NotEqual(0, count));
        }
    }

    private static LogCrashCheck CheckOf(Kind kind, int seed, Breakage breakage)
    {
        CrashMemory memory = new(new ulong[Words], kind.Unit, seed);
        LogScript script = LogScript.Create(memory, kind.Alignment, kind.IsRing, seed);
        memory.Breakage = breakage;
        script.Run(kind.Appends, kind.MaxLength);
        LogCrashCheck check = new(seed, unit: kind.Unit);
        check.Run(script, script.Start);
        return check;
    }

    private sealed record Kind(int Alignment, bool IsRing, int Unit, int Appends, int MaxLength);
}
