using System.Collections.Concurrent;
using DirectMap.Logs;

namespace DirectMap.Tests.Logs;

/// <summary>
/// Logs that are damaged, at random: what is found is what the rule says, computed by <see cref="DamageOracle"/> from the words that are
/// left. Not one of the cases has an expected value of its own.
/// </summary>
public sealed class LogDamageTests(ITestOutputHelper output)
{
    [Fact]
    public void What_is_found_after_any_damage_is_what_the_rule_says()
    {
        ConcurrentBag<string> failures = [];
        ConcurrentBag<LogDamageCheck> checks = [];
        ForEachSeed(0, 160, seed => Check(seed, LogHistory.Write(seed), cases: 30, failures, checks));

        Report(failures, checks, least: 500);
    }

    /// <summary>A piece of 64 KiB is how much is read at once.</summary>
    [Fact]
    public void The_rule_holds_for_records_longer_than_what_is_read_at_once()
    {
        ConcurrentBag<string> failures = [];
        ConcurrentBag<LogDamageCheck> checks = [];
        ForEachSeed(1000, 1006, seed =>
            Check(seed, LogHistory.Write(seed, capacity: 2 << 20, maxLength: 150 << 10), cases: 12, failures, checks));

        Report(failures, checks, least: 5);
    }

    /// <summary>Damage of one slot of the header loses nothing: of any state, also of rings and trims.</summary>
    [Fact]
    public void Damage_of_one_slot_of_the_header_changes_nothing()
    {
        for (int seed = 2000; seed < 2040; seed++)
        {
            LogHistory history = LogHistory.Write(seed, steps: 6);
            LogDamageCheck check = new(history.Records, history.Items);
            Random random = new(seed);
            for (int i = 0; i < 32; i++)
            {
                LogDamage damage = i < 16
                    ? LogDamage.OfSlot(i % 2, random)
                    : LogDamage.Bit((i % 2 * DamageOracle.SlotWord) + (i / 2) - 8, i * 7 % 64);
                ulong[] image = [.. history.Image];
                damage.Apply(image);
                DamageVerdict verdict = DamageOracle.Judge(image, history.Items);
                Assert.Equal(history.Header.Generation, verdict.Header!.Generation); // The other slot has the same state.
                Assert.False(verdict.IsDamaged);
                Assert.True(check.Check(image, history.Header.Generation) is null, $"{damage.What}; {history}");
            }
        }
    }

    /// <summary>On threads of their own: a history waits for tasks, and while it did so on a thread of the pool these had none.</summary>
    private static void ForEachSeed(int from, int to, Action<int> check)
    {
        int next = from - 1;
        void Work()
        {
            for (int seed; (seed = Interlocked.Increment(ref next)) < to;)
            {
                check(seed);
            }
        }

        Task.WaitAll([.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ =>
            Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))]);
    }

    private static void Check(
        int seed, LogHistory history, int cases, ConcurrentBag<string> failures, ConcurrentBag<LogDamageCheck> checks)
    {
        Random random = new(seed);
        LogDamageCheck check = new(history.Records, history.Items);
        checks.Add(check);
        for (int i = 0; i < cases; i++)
        {
            LogDamage[] damages = [.. Enumerable.Range(0, 1 + random.Next(2)).Select(_ => LogDamage.At(history, random))];
            ulong[] image = [.. history.Image];
            foreach (LogDamage damage in damages)
            {
                damage.Apply(image);
            }

            string? failure;
            try
            {
                failure = check.Check(image, history.Header.Generation, damages.Any(damage => damage.Moves));
            }
            catch (Exception exception)
            {
                failure = exception.ToString();
            }

            if (failure is not null)
            {
                failures.Add($"case {i} of {history}: {string.Join(", ", damages.Select(damage => damage.What))}: {failure}");
            }
        }
    }

    private void Report(ConcurrentBag<string> failures, ConcurrentBag<LogDamageCheck> checks, int least)
    {
        Dictionary<string, int> found = checks.SelectMany(check => check.Found).GroupBy(one => one.Key)
            .ToDictionary(group => group.Key, group => group.Sum(one => one.Value));
        output.WriteLine(string.Join(", ", found.Select(one => $"{one.Value} {one.Key}")));
        Assert.True(failures.IsEmpty, $"{failures.Count} fail:\n{string.Join('\n', failures.Order().Take(12))}");
        Assert.True(
            found[nameof(PersistentLogStop.Damage) + "d"] >= least && found[nameof(PersistentLogStop.End)] >= least, "too few of a kind");
    }
}
