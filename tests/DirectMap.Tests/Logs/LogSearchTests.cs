using DirectMap.Logs;

namespace DirectMap.Tests.Logs;

/// <summary>A follower finds a record by its number without a walk from the oldest one on, whatever the records are.</summary>
public sealed class LogSearchTests
{
    private const int Alignment = 64;
    private const ulong Instance = 4711;

    private readonly SparseMemory _memory = new(64L << 20);
    private readonly Random _random = new(1);
    private readonly List<byte[]> _records = [];

    /// <summary>Counted, since time says little: a step is a head, or 64 bytes that are checked.</summary>
    [Fact]
    public void One_of_a_hundred_thousand_takes_some_hundred_heads()
    {
        LogEngine<CountedMemory> log = Create();
        AppendSome(log, 100_000, static random => random.Next(10, 200));

        foreach (long number in Some(200))
        {
            Assert.InRange(Find(number), 1, 300 * RecordHead.Size);
        }
    }

    /// <summary>Where interpolation alone would be led astray.</summary>
    [Fact]
    public void Sizes_that_differ_much_take_no_more_than_twice_the_walk_and_mostly_much_less()
    {
        LogEngine<CountedMemory> log = Create();
        AppendSome(log, 40_000, static _ => 8);
        AppendSome(log, 200, static random => random.Next(1 << 16));
        AppendSome(log, 20_000, static random => random.Next(1000) == 0 ? 20_000 : 8);
        AppendSome(log, 10, static _ => 1 << 20);
        AppendSome(log, 20_000, static random => random.Next(400));

        List<double> shares = [];
        foreach (long number in Some(300))
        {
            long walk = number * RecordHead.Size;
            long loaded = Find(number) - _records[(int)number - 1].Length;
            Assert.InRange(loaded, 0, (4 * walk) + 8192); // A step that checks 64 bytes is more than a head's 24.
            shares.Add(loaded / (double)walk);
        }

        shares.Sort();
        Assert.InRange(shares[shares.Count / 2], 0, 0.2);
    }

    /// <summary>
    /// Whoever keeps a copy of the log in the log has whole records within a record, which have another place. Led by one of them, a
    /// follower would go on in the copy, and find an end that is none.
    /// </summary>
    [Fact]
    public void A_copy_of_the_log_within_one_of_its_records_is_not_taken_for_the_log()
    {
        LogEngine<CountedMemory> log = Create();
        for (int round = 0; round < 4; round++)
        {
            AppendSome(log, 3000, static random => random.Next(100));
            byte[] copy = new byte[(int)(log.Capacity - log.FreeBytes)];
            _memory.Load(LogHeader.AreaOffset, copy);
            byte[] shifted = [.. new byte[Alignment - RecordHead.Size], .. copy]; // So that its records begin where records may.
            _records.Add(shifted);
            log.Append(shifted);
        }

        AppendSome(log, 200, static random => random.Next(100));
        foreach (long number in Some(2000))
        {
            LogObserver<CountedMemory> observer = new(_memory.Log, skipsDamage: false);
            LogCursor cursor = new();
            observer.Seek(cursor, number);
            for (long next = number; next < number + 3 && next <= _records.Count; next++)
            {
                AssertReads(observer, cursor, next);
            }
        }
    }

    /// <summary>Rings over many laps, lives, trims, and marks of what was lost.</summary>
    [Fact]
    public void In_any_log_each_number_is_found_that_a_walk_finds()
    {
        int found = 0, marks = 0;
        for (int seed = 0; seed < 60; seed++)
        {
            Random random = new(seed);
            SparseMemory memory = new(LogHeader.AreaOffset + (random.Next(8, 40) * LogHeader.AreaUnit));
            LogEngine<CountedMemory> log = Told(LogEngine<CountedMemory>.Create(memory.Log, 8 << random.Next(6), isRing: true), memory);
            for (int life = 0; life < 4; life++)
            {
                AppendWhatFits(log, random, 400);
                if (random.Next(2) == 0)
                {
                    Damage(memory, log, random);
                }

                log = Told(LogEngine<CountedMemory>.Open(memory.Log, new LogOpening(CutsDamage: true)), memory);
            }

            AppendWhatFits(log, random, 200);
            LogObserver<CountedMemory> walking = new(memory.Log, skipsDamage: true);
            LogCursor walk = new();
            for (walking.Seek(walk, null); ;)
            {
                long number = walk.Sequence;
                LogObserver<CountedMemory> seeking = new(memory.Log, skipsDamage: true);
                LogCursor cursor = new();
                seeking.Seek(cursor, number);
                (string told, bool isMark) = Step(walking, walk);
                Assert.Equal((told, walk.Position, walk.Sequence), (Step(seeking, cursor).Told, cursor.Position, cursor.Sequence));
                marks += isMark ? 1 : 0;
                found++;
                if (told.Length == 0)
                {
                    break;
                }
            }
        }

        Assert.True(found > 5000 && marks > 20, $"{found} found, {marks} marks");
    }

    private static (string Told, bool IsMark) Step(LogObserver<CountedMemory> observer, LogCursor cursor)
    {
        try
        {
            return observer.TryRead(cursor) ? (Convert.ToHexString(cursor.Bytes.Span) + ".", false) : ("", false);
        }
        catch (PersistentLogException lost) when (lost.Error == PersistentLogError.Damaged)
        {
            return ($"{lost.Missed} lost", true);
        }
    }

    private static void AppendWhatFits(LogEngine<CountedMemory> log, Random random, int count)
    {
        for (int i = 0; i < count; i++)
        {
            byte[] record = new byte[random.Next(10) == 0 ? random.Next(3000) : random.Next(60)];
            random.NextBytes(record);
            log.Append(record);
        }
    }

    private static void Damage(SparseMemory memory, LogEngine<CountedMemory> log, Random random)
    {
        for (int i = 0; i < 3; i++)
        {
            long at = LogHeader.AreaOffset + (random.NextInt64(log.Capacity / 512) * 512);
            memory.Store(at, new byte[512]);
        }
    }

    /// <summary>A follower believes the status page then, and need not ask the records.</summary>
    private static LogEngine<CountedMemory> Told(LogEngine<CountedMemory> log, SparseMemory memory)
    {
        memory.Store(2 * LogHeaderSlot.Distance, BitConverter.GetBytes(Instance));
        log.BeginTelling(Instance);
        return log;
    }

    private LogEngine<CountedMemory> Create() =>
        Told(LogEngine<CountedMemory>.Create(_memory.Log, Alignment, isRing: false), _memory);

    private void AppendSome(LogEngine<CountedMemory> log, int count, Func<Random, int> length)
    {
        for (int i = 0; i < count; i++)
        {
            byte[] record = new byte[length(_random)];
            _random.NextBytes(record);
            _records.Add(record);
            log.Append(record);
        }
    }

    private IEnumerable<long> Some(int count)
    {
        for (int i = 0; i < count; i++)
        {
            yield return _random.NextInt64(1, _records.Count + 1);
        }
    }

    /// <summary>How many bytes were loaded by a follower that has read nothing before.</summary>
    private long Find(long number)
    {
        LogObserver<CountedMemory> observer = new(_memory.Log, skipsDamage: false);
        LogCursor cursor = new();
        _memory.Forget();
        observer.Seek(cursor, number);
        AssertReads(observer, cursor, number);
        return _memory.Loaded;
    }

    private void AssertReads(LogObserver<CountedMemory> observer, LogCursor cursor, long number)
    {
        Assert.True(observer.TryRead(cursor));
        Assert.Equal(number, cursor.Record);
        Assert.Equal(_records[(int)number - 1], cursor.Bytes.ToArray());
    }
}
