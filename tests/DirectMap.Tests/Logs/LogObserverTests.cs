using DirectMap.Logs;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>What is shown of a log that somebody else appends to, or did: only what is durable, and only what is whole.</summary>
public sealed class LogObserverTests
{
    private const ulong Instance = 4711;
    private const int PageWord = 2 * (int)LogHeaderSlot.Distance / sizeof(ulong);
    private const int AreaWord = (int)LogHeader.AreaOffset / sizeof(ulong);
    private const int FirstPlace = PageWord + 9;

    private readonly CrashMemory _memory = new(new ulong[(LogHeader.AreaOffset + 8192) / sizeof(ulong)]);

    [Fact]
    public async Task A_record_is_shown_when_its_persist_has_returned_and_not_before()
    {
        LogEngine<RecordedMemory> log = Create();
        log.Append(Record(1));
        LogObserver<RecordedMemory> observer = Observe();
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _memory.Parked = go.Task;
        _memory.PersistBegun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        Task append = Task.Run(() => log.Append(Record(2)));
        await _memory.PersistBegun.Task.Within();

        Assert.Equal(2, log.LastSequence);
        Assert.Equal([1], Numbers(observer));
        go.SetResult();
        await append.Within();
        Assert.Equal([1, 2], Numbers(observer));
    }

    [Fact]
    public void What_a_killed_writer_had_told_is_shown_and_what_it_had_only_stored_is_not()
    {
        LogEngine<RecordedMemory> log = Create();
        log.Append(Record(1));
        FailNextPersist(() => log.Append(Record(2)));

        Assert.Equal([1], Numbers(Observe()));
        Assert.Equal(2, Open().LastSequence); // It was whole.
        Assert.Equal([1, 2], Numbers(Observe()));
    }

    [Fact]
    public void Of_a_log_that_was_closed_all_is_shown()
    {
        LogEngine<RecordedMemory> log = Create();
        log.AppendBatch([Record(1), Record(2), Record(3)]);
        log.Close();
        _memory.Content[PageWord] = 0;

        Assert.Equal([1, 2, 3], Numbers(Observe()));
    }

    /// <summary>A power failure takes the page back. The third record says that the first two were durable when it was stored.</summary>
    [Fact]
    public void Where_nobody_has_told_what_the_records_prove_is_shown()
    {
        LogEngine<RecordedMemory> log = Create();
        log.Append(Record(1));
        log.Append(Record(2));
        log.AppendBatch([Record(3), Record(4)]);
        ClearPage();

        Assert.Equal([1, 2], Numbers(Observe()));
    }

    [Fact]
    public void What_the_last_opening_has_found_is_shown_where_nobody_has_told()
    {
        LogEngine<RecordedMemory> log = Create();
        log.AppendBatch([Record(1), Record(2)]);
        Open(tells: false);
        ClearPage();

        Assert.Equal([1, 2], Numbers(Observe()));
    }

    [Fact]
    public void What_was_shown_stays_when_the_page_is_damaged()
    {
        LogEngine<RecordedMemory> log = Create();
        log.AppendBatch([Record(1), Record(2)]);
        LogObserver<RecordedMemory> observer = Observe();
        Assert.Equal([1, 2], Numbers(observer));

        ClearPage();

        Assert.Equal(2, observer.Look().DurableSequence);
        Assert.Equal([1, 2], Numbers(observer));
    }

    /// <summary>The two places of the page are stored in turn.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_telling_that_is_torn_leaves_the_one_before(int torn)
    {
        LogEngine<RecordedMemory> log = Create();
        log.Append(Record(1));
        log.Append(Record(2));
        int newest = _memory.Content[FirstPlace + 1] > _memory.Content[FirstPlace + 4] ? 0 : 1;
        _memory.Content[FirstPlace + (3 * newest) + (2 * torn)] ^= 1;

        Assert.Equal([1], Numbers(Observe()));
        log.Append(Record(3)); // to the other place
        Assert.Equal([1, 2, 3], Numbers(Observe()));
    }

    /// <summary>
    /// Records 1 to 3 are durable; 4 and 5 were stored, and no persist has returned. Whatever the page says, no more is shown than
    /// the three.
    /// </summary>
    [Fact]
    public void Whatever_is_in_the_page_no_record_is_shown_that_is_not_durable()
    {
        LogEngine<RecordedMemory> log = Create();
        log.Append(Record(1));
        log.AppendBatch([Record(2), Record(3)]);
        FailNextPersist(() => log.AppendBatch([Record(4), Record(5)]));
        ulong[] page = _memory.Content[PageWord..(PageWord + 16)];
        Random random = new(1);
        int shown = 0;
        for (int round = 0; round < 4000; round++)
        {
            Span<ulong> words = _memory.Content.AsSpan(PageWord, 16);
            page.CopyTo(words);
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                int word = random.Next(16);
                words[word] = random.Next(5) switch
                {
                    0 => words[word] ^ (1UL << random.Next(64)),
                    1 => (ulong)random.NextInt64(),
                    2 => ulong.MaxValue >> random.Next(64),
                    3 => words[random.Next(16)],
                    _ => words[word] + (ulong)(64 * random.Next(1, 4)),
                };
            }

            long[] numbers = Numbers(Observe());
            Assert.InRange(numbers.Length, 1, 3); // The 4th record proves the 3rd durable; the 2nd only the 1st.
            Assert.Equal(Enumerable.Range(1, numbers.Length).Select(i => (long)i), numbers);
            shown += numbers.Length;
        }

        Assert.InRange(shown, 4000, 12000);
    }

    [Fact]
    public void What_is_left_of_a_former_life_is_not_believed()
    {
        LogEngine<RecordedMemory> log = Create();
        log.AppendBatch([Record(1), Record(2)]);
        ulong[] page = _memory.Content[PageWord..(PageWord + 16)];
        LogEngine<RecordedMemory> second = Open(tells: false);
        FailNextPersist(() => second.Append(Record(3)));
        page.CopyTo(_memory.Content, PageWord);

        Assert.Null(LogProgress.TryLoad(_memory.Log, LogPlace.Look(_memory.Log).Header!, Instance));
        Assert.Equal([1, 2], Numbers(Observe()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void One_damaged_slot_of_the_header_changes_nothing(int slot)
    {
        LogEngine<RecordedMemory> log = Create();
        log.Append(Record(1));
        LogObserver<RecordedMemory> observer = Observe();

        _memory.Content[(slot * 512) + 1] ^= 1UL << 40;

        Assert.Equal([1], Numbers(observer));
        Assert.Equal([1], Numbers(Observe()));
        log.Append(Record(2));
        Assert.Equal([1, 2], Numbers(observer));
    }

    [Fact]
    public void Two_damaged_slots_are_told()
    {
        Create().Append(Record(1));
        LogObserver<RecordedMemory> observer = Observe();

        _memory.Content[1] ^= 1;
        _memory.Content[512 + 1] ^= 1;

        Assert.Equal(PersistentLogError.Damaged, Assert.Throws<PersistentLogException>(() => observer.Look()).Error);
        Assert.Equal(PersistentLogError.Damaged, Assert.Throws<PersistentLogException>(Observe).Error);
    }

    [Fact]
    public void A_log_that_was_made_over_it_is_told()
    {
        Create().Append(Record(1));
        LogObserver<RecordedMemory> observer = Observe();
        LogCursor cursor = new();
        observer.Seek(cursor, 1);

        Create().Append(Record(2));

        Assert.Equal(PersistentLogError.Replaced, Assert.Throws<PersistentLogException>(() => observer.TryRead(cursor)).Error);
        Assert.Equal(PersistentLogError.Replaced, Assert.Throws<PersistentLogException>(() => observer.Look()).Error);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_damaged_record_is_told_and_read_over_if_that_was_asked_for(bool skipsDamage)
    {
        LogEngine<RecordedMemory> log = Create();
        log.AppendBatch([Record(1), Record(2), Record(3), Record(4)]);
        _memory.Content[AreaWord + 8 + 3] ^= 1;
        _memory.Content[AreaWord + 16 + 1] ^= 1 << 20;
        LogObserver<RecordedMemory> observer = new(_memory.Log, skipsDamage);
        LogCursor cursor = new();
        observer.Seek(cursor, null);
        Assert.True(observer.TryRead(cursor));

        PersistentLogException damaged = Assert.Throws<PersistentLogException>(() => observer.TryRead(cursor));

        Assert.Equal((PersistentLogError.Damaged, skipsDamage ? 2 : 0), (damaged.Error, damaged.Missed));
        if (skipsDamage)
        {
            Assert.True(observer.TryRead(cursor));
            Assert.Equal(4, cursor.Record);
            Assert.False(observer.TryRead(cursor));
            LogCursor other = new();
            observer.Seek(other, 4);
            Assert.True(observer.TryRead(other));
            Assert.Equal(4, other.Record);
        }
        else
        {
            Assert.Throws<PersistentLogException>(() => observer.TryRead(cursor));
        }
    }

    [Fact]
    public void The_last_record_that_is_damaged_is_told_and_what_comes_next_is_read()
    {
        LogEngine<RecordedMemory> log = Create();
        log.AppendBatch([Record(1), Record(2)]);
        _memory.Content[AreaWord + 8 + 3] ^= 1;
        LogObserver<RecordedMemory> observer = new(_memory.Log, skipsDamage: true);
        LogCursor cursor = new();
        observer.Seek(cursor, 2);

        Assert.Equal(1, Assert.Throws<PersistentLogException>(() => observer.TryRead(cursor)).Missed);
        Assert.False(observer.TryRead(cursor));
        log.Append(Record(3));
        Assert.True(observer.TryRead(cursor));
        Assert.Equal(3, cursor.Record);
    }

    /// <summary>Nobody has told how far it is durable, and the third record proves the second one durable, which is not whole.</summary>
    [Fact]
    public void Damage_that_is_found_while_the_records_are_asked_is_told_or_read_over()
    {
        LogEngine<RecordedMemory> log = Create();
        log.Append(Record(1));
        log.Append(Record(2));
        log.Append(Record(3));
        log.Append(Record(4));
        ClearPage();
        _memory.Content[AreaWord + 8 + 3] ^= 1;

        Assert.Equal(PersistentLogError.Damaged, Assert.Throws<PersistentLogException>(Observe).Error);
        LogObserver<RecordedMemory> observer = new(_memory.Log, skipsDamage: true);
        LogCursor cursor = new();
        observer.Seek(cursor, null);
        Assert.True(observer.TryRead(cursor));
        Assert.Equal(1, Assert.Throws<PersistentLogException>(() => observer.TryRead(cursor)).Missed);
        Assert.True(observer.TryRead(cursor));
        Assert.Equal(3, cursor.Record);
        Assert.False(observer.TryRead(cursor)); // Nothing proves the fourth one durable.
    }

    /// <summary>It is whole, and may be so by chance: its place is free to be stored over.</summary>
    [Fact]
    public void A_record_that_is_given_up_while_it_is_read_is_not_shown()
    {
        LogEngine<RecordedMemory> log = Create();
        log.AppendBatch([Record(1), Record(2)]);
        Action? afterLoad = null;
        LogObserver<InterruptedMemory> observer = new(new InterruptedMemory(_memory.Log, () => afterLoad?.Invoke()), skipsDamage: false);
        LogCursor cursor = new();
        observer.Seek(cursor, null);
        afterLoad = () =>
        {
            afterLoad = null;
            log.Trim(2);
        };

        Assert.Equal(1, Assert.Throws<PersistentLogException>(() => observer.TryRead(cursor)).Missed);
        Assert.True(observer.TryRead(cursor));
        Assert.Equal(2, cursor.Record);
    }

    /// <summary>The records of the former log are still there, and whole.</summary>
    [Fact]
    public void A_log_that_was_made_over_it_is_told_where_the_next_record_is_still_there()
    {
        Create().AppendBatch([Record(1), Record(2)]);
        LogObserver<RecordedMemory> observer = Observe();
        LogCursor cursor = new();
        observer.Seek(cursor, 1);
        Assert.True(observer.TryRead(cursor));

        Create();

        Assert.Equal(PersistentLogError.Replaced, Assert.Throws<PersistentLogException>(() => observer.TryRead(cursor)).Error);
    }

    [Fact]
    public void Records_that_are_given_up_are_not_shown_any_more_and_counted()
    {
        LogEngine<RecordedMemory> log = Create(isRing: true);
        log.Append(Record(1));
        LogObserver<RecordedMemory> observer = Observe();
        LogCursor cursor = new();
        observer.Seek(cursor, null);
        while (log.Tail.Sequence == 1)
        {
            log.Append(Record(2));
        }

        PersistentLogException overtaken = Assert.Throws<PersistentLogException>(() => observer.TryRead(cursor));

        Assert.Equal((PersistentLogError.Overtaken, log.Tail.Sequence - 1), (overtaken.Error, overtaken.Missed));
        Assert.True(observer.TryRead(cursor));
        Assert.Equal(log.Tail.Sequence, cursor.Record);
    }

    [Fact]
    public void Nothing_is_stored()
    {
        Create().AppendBatch([Record(1), Record(2)]);
        ulong[] before = [.. _memory.Content];
        int events = _memory.Events.Count;

        Numbers(Observe());

        Assert.Equal(before, _memory.Content);
        Assert.Equal(events, _memory.Events.Count);
    }

    private static byte[] Record(int number) => [.. Enumerable.Repeat((byte)number, 20)];

    private static long[] Numbers(LogObserver<RecordedMemory> observer)
    {
        LogCursor cursor = new();
        observer.Seek(cursor, null);
        List<long> numbers = [];
        while (observer.TryRead(cursor))
        {
            numbers.Add(cursor.Record);
        }

        return [.. numbers];
    }

    private LogObserver<RecordedMemory> Observe() => new(_memory.Log, skipsDamage: false);

    private LogEngine<RecordedMemory> Create(bool isRing = false) =>
        Begin(LogEngine<RecordedMemory>.Create(_memory.Log, 64, isRing), tells: true);

    private LogEngine<RecordedMemory> Open(bool tells = true) => Begin(LogEngine<RecordedMemory>.Open(_memory.Log), tells);

    private LogEngine<RecordedMemory> Begin(LogEngine<RecordedMemory> log, bool tells)
    {
        if (tells)
        {
            _memory.Content[PageWord] = Instance;
            log.BeginTelling(Instance);
        }

        return log;
    }

    private void ClearPage() => _memory.Content.AsSpan(PageWord, 16).Clear();

    private void FailNextPersist(Action append)
    {
        _memory.Parked = Task.FromException(new IOException("the process is killed"));
        Assert.Throws<IOException>(append);
        _memory.Parked = Task.CompletedTask;
    }
}
