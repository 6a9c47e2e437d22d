using DirectMap.Logs;

namespace DirectMap.Tests.Logs;

/// <summary>What a follower sees of a log that is opened, or gives records up, in the midst of a look.</summary>
public sealed class LogObserverRaceTests
{
    private const ulong Instance = 4711;
    private const int PageWord = 2 * (int)LogHeaderSlot.Distance / sizeof(ulong);
    private const int AreaWord = (int)LogHeader.AreaOffset / sizeof(ulong);

    private readonly CrashMemory _memory = new(new ulong[(LogHeader.AreaOffset + 8192) / sizeof(ulong)]);
    private Action<long>? _afterWord;

    [Fact]
    public void A_log_that_is_opened_and_appended_to_while_the_records_are_asked_is_not_damaged()
    {
        Create().Append(new byte[20]);
        _memory.Content.AsSpan(PageWord, 16).Clear();
        OnceInTheArea(() => Tell(LogEngine<RecordedMemory>.Open(_memory.Log)).Append(new byte[20]));

        Assert.Equal(2, Observe().Look().DurableSequence);
        Assert.Null(_afterWord);
    }

    [Fact]
    public void Two_slots_that_are_being_stored_when_the_follower_is_made_are_looked_at_again()
    {
        Create().Append(new byte[20]);
        Damage();
        int loads = 0;
        _afterWord = _ =>
        {
            if (++loads == 66)
            {
                Damage();
            }
        };

        Assert.Equal(1, Observe().Look().DurableSequence);

        void Damage()
        {
            _memory.Content[1] ^= 1;
            _memory.Content[512 + 1] ^= 1;
        }
    }

    [Fact]
    public void A_record_that_is_given_up_while_it_is_sought_is_told()
    {
        LogEngine<RecordedMemory> log = Create();
        log.AppendBatch([new byte[20], new byte[20], new byte[20], new byte[20], new byte[20]]);
        LogObserver<InterruptedMemory> observer = Observe();
        OnceInTheArea(() =>
        {
            log.Trim(4);
            _memory.Content[AreaWord + 1] = 99;
        });
        LogCursor cursor = new();

        observer.Seek(cursor, 3);

        Assert.Null(_afterWord);
        PersistentLogException overtaken = Assert.Throws<PersistentLogException>(() => observer.TryRead(cursor));
        Assert.Equal((PersistentLogError.Overtaken, 1), (overtaken.Error, overtaken.Missed));
        Assert.True(observer.TryRead(cursor));
        Assert.Equal(4, cursor.Record);
    }

    [Fact]
    public void A_lost_record_that_is_sought_is_told()
    {
        Create().AppendBatch([new byte[20], new byte[20], new byte[20], new byte[20]]);
        _memory.Content[AreaWord + 8 + 1] ^= 1 << 20;
        _memory.Content[AreaWord + 16 + 1] ^= 1 << 20;
        LogObserver<InterruptedMemory> observer = Observe(skipsDamage: true);
        LogCursor cursor = new();

        observer.Seek(cursor, 3);

        Assert.Equal(2, Assert.Throws<PersistentLogException>(() => observer.TryRead(cursor)).Missed);
        Assert.True(observer.TryRead(cursor));
        Assert.Equal(4, cursor.Record);
    }

    /// <summary>The mark is as short as the lost record may have been, so the next one begins before the former end.</summary>
    [Fact]
    public void What_follows_a_lost_last_record_is_read_where_an_opening_has_put_it()
    {
        LogEngine<RecordedMemory> log = Create();
        log.AppendBatch([new byte[20], new byte[100]]);
        log.Close();
        _memory.Content[AreaWord + 8 + 3] ^= 1;
        LogObserver<InterruptedMemory> observer = Observe(skipsDamage: true);
        LogCursor cursor = new();
        observer.Seek(cursor, 2);
        Assert.Equal(1, Assert.Throws<PersistentLogException>(() => observer.TryRead(cursor)).Missed);

        log = Tell(LogEngine<RecordedMemory>.Open(_memory.Log, new LogOpening(CutsDamage: true)));
        log.AppendBatch([new byte[20], new byte[20], new byte[20]]);

        foreach (long number in (long[])[3, 4, 5])
        {
            Assert.True(observer.TryRead(cursor));
            Assert.Equal(number, cursor.Record);
        }

        Assert.False(observer.TryRead(cursor));
    }

    private void OnceInTheArea(Action action) => _afterWord = offset =>
    {
        if (offset >= LogHeader.AreaOffset)
        {
            _afterWord = null;
            action();
        }
    };

    private LogObserver<InterruptedMemory> Observe(bool skipsDamage = false) =>
        new(new InterruptedMemory(_memory.Log, static () => { }, offset => _afterWord?.Invoke(offset)), skipsDamage);

    private LogEngine<RecordedMemory> Create() => Tell(LogEngine<RecordedMemory>.Create(_memory.Log, 64, isRing: false));

    private LogEngine<RecordedMemory> Tell(LogEngine<RecordedMemory> log)
    {
        _memory.Content[PageWord] = Instance;
        log.BeginTelling(Instance);
        return log;
    }
}
