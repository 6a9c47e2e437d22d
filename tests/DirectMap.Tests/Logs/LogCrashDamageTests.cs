using DirectMap.Logs;

namespace DirectMap.Tests.Logs;

/// <summary>A crash, and then damage: the rule of <see cref="DamageOracle"/> holds for each state that a crash leaves, too.</summary>
public sealed class LogCrashDamageTests(ITestOutputHelper output)
{
    private const int Words = (int)(LogHeader.AreaOffset + 4096) / sizeof(ulong);

    [Theory]
    [InlineData(8, false, 64)]
    [InlineData(8, true, 64)]
    [InlineData(64, true, 512)]
    [InlineData(64, false, 4096)]
    public void After_a_crash_and_damage_of_a_slot_or_a_record_the_rule_holds(int alignment, bool isRing, int unit)
    {
        for (int seed = 0; seed < 2; seed++)
        {
            CrashMemory memory = new(new ulong[Words], unit, seed);
            LogScript script = LogScript.Create(memory, alignment, isRing, seed);
            script.Run(isRing ? 40 : 25, 150);
            List<LoggedItem> items = ItemsOf(script, alignment);
            LogDamageCheck check = new(script.Records, items);
            CrashStates states = new(memory, seed);
            Random random = new(seed);
            while (states.Step())
            {
                if (states.Point <= script.Start || random.Next(unit == 4096 ? 2 : 4) != 0)
                {
                    continue;
                }

                foreach (ulong[] left in states.Here(limit: 4))
                {
                    string where = $"seed {seed}, point {states.Point}";
                    DamageVerdict undamaged = DamageOracle.Judge(left, items);
                    Assert.False(undamaged.IsDamaged, where);
                    Assert.True(undamaged.Last >= script.DurableAt(states.Point), where);

                    LogDamage ofSlot = LogDamage.OfSlot(random.Next(2), random);
                    DamageVerdict withoutSlot = Check(left, ofSlot, items, check, where);
                    if (withoutSlot.Header is not null) // A crash may have torn the other one.
                    {
                        Assert.False(withoutSlot.IsDamaged, $"{where}, {ofSlot.What}");
                        Assert.True(withoutSlot.Last >= script.DurableAt(states.Point), $"{where}, {ofSlot.What}");
                    }

                    LoggedItem item = items[random.Next(items.Count)];
                    int word = DamageOracle.WordOf(undamaged.Header!, item.Position + (random.Next(3) * 8));
                    Check(left, random.Next(3) == 0 ? LogDamage.Zeros(word, 8) : LogDamage.Bit(word, random.Next(64)), items, check, where);
                }
            }

            output.WriteLine(string.Join(", ", check.Found.Select(one => $"{one.Value} {one.Key}")));
            Assert.True(check.Found.GetValueOrDefault("Damaged") > 20 && check.Found.GetValueOrDefault("TornRecord") > 20);
        }
    }

    /// <summary>
    /// Before it is done, the log may still be damaged. Then all is marked, and no left-over record is one.
    /// </summary>
    [Theory]
    [InlineData(8, 64)]
    [InlineData(64, 64)]
    [InlineData(64, 4096)]
    public void A_crash_while_damage_is_cut_loses_nothing_more(int alignment, int unit)
    {
        ulong[] words = new ulong[Words + 512];
        LogEngine<RecordedMemory> log = LogEngine<RecordedMemory>.Create(new CrashMemory(words).Log, alignment, isRing: false);
        List<long> positions = [];
        for (int i = 1; i <= 20; i++)
        {
            positions.Add(log.Capacity - log.FreeBytes);
            log.Append(new byte[i * 5]);
            log = i == 10 ? LogEngine<RecordedMemory>.Open(new CrashMemory(words).Log) : log;
        }

        positions.Add(log.Capacity - log.FreeBytes);
        log.AppendBatch([new byte[30], new byte[40], new byte[50]]);
        foreach (int lost in (int[])[3, 13, 14, 21])
        {
            words[DamageOracle.AreaWord + (positions[lost - 1] / sizeof(ulong))] ^= 1UL << 50;
        }

        PersistentLogGap[] gaps = [new(3, 3), new(13, 14)];
        CrashMemory memory = new(words, unit);
        LogEngine<RecordedMemory>.Open(memory.Log, new LogOpening(CutsDamage: true));
        CrashStates states = new(memory, seed: 1);
        HashSet<(ulong, bool)> seen = [];
        while (states.Step())
        {
            bool isLast = states.Point == memory.Events.Count;
            foreach (ulong[] state in states.Here(limit: 300, hash => seen.Add((hash, isLast))))
            {
                RecordedMemory copy = new CrashMemory([.. state], remembers: false).Log;
                PersistentLogRecovery left = LogEngine<RecordedMemory>.Open(copy, new LogOpening(CutsDamage: true)).Recovery;
                Assert.Equal((20, 17), (left.LastSequence, left.Count));
                Assert.Equal(gaps, left.Lost);
                if (isLast)
                {
                    Assert.Equal(gaps, LogEngine<RecordedMemory>.Open(new CrashMemory(state, remembers: false).Log).Recovery.Lost);
                }
            }
        }
    }

    private static DamageVerdict Check(ulong[] left, LogDamage damage, List<LoggedItem> items, LogDamageCheck check, string where)
    {
        ulong[] image = [.. left];
        damage.Apply(image);
        DamageVerdict verdict = DamageOracle.Judge(image, items);
        string? failure = check.Check(image, verdict.Header?.Generation ?? 0);
        Assert.True(failure is null, $"{where}, {damage.What}: {failure}");
        return verdict;
    }

    /// <summary>All records that were begun in the one life, one behind the other.</summary>
    private static List<LoggedItem> ItemsOf(LogScript script, int alignment)
    {
        List<LoggedItem> items = [];
        long at = 0;
        for (long sequence = 1; sequence <= script.Log.LastSequence; sequence++)
        {
            byte[] bytes = script.Records[sequence];
            items.Add(new LoggedItem(sequence, 1, at, bytes.Length, bytes));
            at += (24 + bytes.Length + alignment - 1) / alignment * alignment;
        }

        return items;
    }
}
