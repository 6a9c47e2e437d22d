using System.Buffers;
using DirectMap.Logs;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>What an opening finds, case by case; from everything that a crash may leave: <see cref="LogCrashTests"/>.</summary>
public sealed class LogRecoveryTests
{
    private const int AreaWord = (int)LogHeader.AreaOffset / sizeof(ulong);

    private const int SlotWord = (int)LogHeaderSlot.Distance / sizeof(ulong);
    private const int HeaderWords = 2 * SlotWord;

    private readonly CrashMemory _memory = new(new ulong[(LogHeader.AreaOffset + 8192) / sizeof(ulong)]);

    [Fact]
    public void An_append_is_one_persist_and_so_is_a_batch()
    {
        LogEngine<RecordedMemory> log = Create();
        int before = Fences();
        log.Append(Record(100));
        Assert.Equal(before + 1, Fences());
        log.AppendBatch([Record(1), Record(0), Record(200)]);
        Assert.Equal(before + 2, Fences());
        Assert.Equal(4, log.DurableSequence);
    }

    [Fact]
    public void A_ring_stores_its_header_only_when_it_gives_records_up_an_eighth_at_a_time()
    {
        LogEngine<RecordedMemory> log = Create(isRing: true);
        int before = Fences(), laps = 20, records = laps * 8192 / 64;
        for (int i = 0; i < records; i++)
        {
            log.Append(Record(40));
        }

        Assert.InRange(Fences() - before - records, (laps - 1) * 7 * 2, laps * 8 * 2); // Each state goes to both slots.
    }

    /// <summary>
    /// Of three records that were stored together the first one is torn, and the others are whole. When it is appended again, they follow
    /// it, byte by byte as they would.
    /// </summary>
    [Theory]
    [InlineData(8)]
    [InlineData(64)]
    public void What_was_left_behind_a_torn_record_does_not_come_back_when_the_same_record_is_appended_again(int alignment)
    {
        LogEngine<RecordedMemory> log = Create(alignment);
        log.Append(Record(50, 1));
        long torn = log.Capacity - log.FreeBytes;
        log.AppendBatch([Record(100, 2), Record(100, 3), Record(100, 4)]);
        _memory.Content[AreaWord + (torn / sizeof(ulong)) + 5] = 0;

        LogEngine<RecordedMemory> second = Open();
        Assert.Equal(PersistentLogStop.TornRecord, second.Recovery.StoppedAt);
        Assert.Equal([Record(50, 1)], Read(second));
        second.Append(Record(100, 2));

        LogEngine<RecordedMemory> third = Open();
        Assert.Equal([Record(50, 1), Record(100, 2)], Read(third));
        Assert.Equal(PersistentLogStop.End, third.Recovery.StoppedAt);
        third.Append(Record(100, 5));
        Assert.Equal([Record(50, 1), Record(100, 2), Record(100, 5)], Read(Open()));
    }

    [Fact]
    public void Records_without_bytes_are_records()
    {
        LogEngine<RecordedMemory> log = Create();
        Assert.Empty(Read(Open()));
        LogEngine<RecordedMemory> opened = Open();
        for (int i = 1; i <= 5; i++)
        {
            Assert.Equal(i, opened.Append([]));
        }

        Assert.Equal(Enumerable.Repeat(Array.Empty<byte>(), 5), Read(Open()));
        Assert.Equal(0, log.LastSequence);
    }

    [Theory]
    [InlineData(8, false)]
    [InlineData(64, false)]
    [InlineData(8, true)]
    [InlineData(4096, true)]
    public void A_log_can_be_full_to_the_last_byte(int alignment, bool isRing)
    {
        LogEngine<RecordedMemory> log = Create(alignment, isRing);
        byte[] longest = Record(log.MaxRecordLength, 1);
        log.Append(longest);
        Assert.Equal(0, log.FreeBytes);
        LogEngine<RecordedMemory> opened = Open();
        Assert.Equal([longest], Read(opened));
        Assert.Equal(PersistentLogStop.End, opened.Recovery.StoppedAt);

        if (isRing)
        {
            opened.Append(Record(3, 2));
            Assert.Equal([Record(3, 2)], Read(Open()));
        }

        Assert.Equal(
            PersistentLogError.Full, Assert.Throws<PersistentLogException>(() => opened.Append(new byte[log.MaxRecordLength + 1])).Error);
        Assert.Null(opened.Failure);
        opened.Trim(opened.LastSequence + 1);
        opened.Append(longest);
        Assert.Equal([longest], Read(Open()));
    }

    [Fact]
    public void What_is_full_stores_nothing_and_of_a_batch_nothing_either()
    {
        LogEngine<RecordedMemory> log = Create();
        log.Append(Record(5000, 1));
        int events = _memory.Events.Count;

        PersistentLogException full = Assert.Throws<PersistentLogException>(() => log.AppendBatch([Record(1000, 2), Record(3000, 3)]));

        Assert.Equal((PersistentLogError.Full, 28), (full.Error, full.HResult));
        Assert.Equal(events, _memory.Events.Count);
        Assert.Equal(2, log.Append(Record(1000, 2)));
    }

    [Fact]
    public void A_memory_that_throws_keeps_its_whole_batch_from_being_stored()
    {
        LogEngine<RecordedMemory> log = Create();
        int events = _memory.Events.Count;

        Assert.Throws<ObjectDisposedException>(() => log.AppendBatch([Record(10, 1), Record(10, 2), new GoneMemory().Memory]));

        Assert.Equal(events, _memory.Events.Count);
        Assert.Equal(1, log.Append(Record(10, 1)));
    }

    /// <summary>As a reader finds it that has asked for the oldest record's number before, while others append.</summary>
    [Fact]
    public void To_begin_at_a_record_that_was_given_up_is_said_by_the_first_read_and_not_passed_over()
    {
        CrashMemory memory = new(new ulong[(LogHeader.AreaOffset + 4096) / sizeof(ulong)]);
        LogEngine<RecordedMemory> log = LogEngine<RecordedMemory>.Create(memory.Log, 64, isRing: false);
        for (int i = 0; i < 9; i++)
        {
            log.Append([]);
        }

        log.Trim(7);
        LogCursor cursor = new();
        log.Seek(cursor, 3);

        PersistentLogException overtaken = Assert.Throws<PersistentLogException>(() => log.TryRead(cursor, withUndurable: false));
        Assert.Equal((PersistentLogError.Overtaken, 4), (overtaken.Error, overtaken.Missed));
        Assert.True(log.TryRead(cursor, withUndurable: false));
        Assert.Equal(7, cursor.Record);
    }

    [Fact]
    public void A_ring_of_many_laps_and_lives_has_its_last_records()
    {
        LogEngine<RecordedMemory> log = Create(alignment: 8, isRing: true);
        Dictionary<long, byte[]> all = [];
        Random random = new(1);
        for (int life = 0; life < 60; life++)
        {
            for (int i = 0; i < 9; i++)
            {
                byte[] record = Record(random.Next(700), life + i);
                all[log.Append(record)] = record;
            }

            log = Open();
            Assert.Equal(all.Count, log.LastSequence);
            Assert.InRange(log.FreeBytes, 0, life < 5 ? 8192 : (8192 / 8) + 800);
            Assert.Equal(all.Where(record => record.Key >= log.Tail.Sequence).Select(record => record.Value), Read(log));
        }

        Assert.InRange(log.Tail.Sequence, 100, all.Count);
    }

    [Fact]
    public void No_record_with_a_bit_that_has_changed_is_returned()
    {
        LogEngine<RecordedMemory> log = Create();
        log.Append(Record(20, 1));
        int words = (int)((log.Capacity - log.FreeBytes) / sizeof(ulong));
        ulong[] whole = [.. _memory.Content];
        int bits = (RecordHead.Size + 20) * 8;
        for (int bit = 0; bit < bits; bit++)
        {
            whole.CopyTo(_memory.Content, 0);
            _memory.Content[AreaWord + (bit / 64)] ^= 1UL << (bit % 64);
            Assert.Empty(Read(Open()));
        }

        Assert.True(words * 64 >= bits);
    }

    /// <summary>A record that was appended by itself follows only what was durable.</summary>
    [Theory]
    [InlineData(0)] // its checksum and length
    [InlineData(1)] // its number
    [InlineData(2)] // its life
    [InlineData(4)] // its bytes
    public void Damage_in_the_midst_is_not_taken_for_a_torn_record(int word)
    {
        LogEngine<RecordedMemory> log = Create();
        log.Append(Record(100, 1));
        long second = log.Capacity - log.FreeBytes;
        log.Append(Record(100, 2));
        log.Append(Record(100, 3));
        _memory.Content[AreaWord + (second / sizeof(ulong)) + word] ^= 0x10_0001;

        ulong[] before = [.. _memory.Content];
        PersistentLogException damaged = Assert.Throws<PersistentLogException>(() => Open());
        Assert.Equal((PersistentLogError.Damaged, 74), (damaged.Error, damaged.HResult));
        Assert.Equal(before, _memory.Content); // Nothing was made of it.

        LogEngine<RecordedMemory> cut = LogEngine<RecordedMemory>.Open(_memory.Log, new LogOpening(CutsDamage: true));
        Assert.Equal(PersistentLogStop.Damage, cut.Recovery.StoppedAt);
        Assert.Equal([new PersistentLogGap(2, 2)], cut.Recovery.Lost);
        Assert.Equal([Record(100, 1), null, Record(100, 3)], ReadOverGaps(cut));
        Assert.Equal(4, cut.Append(Record(100, 4)));
        Assert.Equal([Record(100, 1), null, Record(100, 3), Record(100, 4)], ReadOverGaps(Open())); // What was lost stays told.
    }

    [Fact]
    public void Damage_of_the_last_record_is_known_as_such_once_an_opening_has_found_it()
    {
        LogEngine<RecordedMemory> log = Create();
        log.Append(Record(100, 1));
        log.Append(Record(100, 2));
        ulong[] before = [.. _memory.Content];
        _memory.Content[AreaWord + 20] ^= 1;
        Assert.Equal(PersistentLogStop.TornRecord, Open().Recovery.StoppedAt); // Nobody can tell it from one that was never durable.

        before.CopyTo(_memory.Content, 0);
        Open();
        _memory.Content[AreaWord + 20] ^= 1;
        Assert.Equal(PersistentLogError.Damaged, Assert.Throws<PersistentLogException>(() => Open()).Error);
    }

    [Fact]
    public void A_header_whose_newest_state_is_lost_is_damage_when_records_say_so()
    {
        LogEngine<RecordedMemory> log = Create();
        log.Append(Record(10, 1));
        ulong[] former = _memory.Content[..HeaderWords];
        LogEngine<RecordedMemory> second = Open();
        second.Append(Record(10, 2));
        former.CopyTo(_memory.Content, 0); // As after a crash between the two slots, which damages the one that was stored.

        Assert.Equal(PersistentLogError.Damaged, Assert.Throws<PersistentLogException>(() => Open()).Error);
        LogEngine<RecordedMemory> cut = LogEngine<RecordedMemory>.Open(_memory.Log, new LogOpening(CutsDamage: true));
        Assert.Equal([Record(10, 1)], Read(cut));
        Assert.Equal([Record(10, 1)], Read(Open())); // The lost life is not used again.
    }

    [Fact]
    public void A_header_whose_newest_state_is_lost_is_damage_when_a_later_record_is_where_the_oldest_one_was()
    {
        LogEngine<RecordedMemory> log = Create(isRing: true);
        log.Append(Record(log.MaxRecordLength, 1));
        ulong[] former = _memory.Content[..HeaderWords];
        log.Append(Record(log.MaxRecordLength, 2)); // gives the first one up
        former.CopyTo(_memory.Content, 0);

        Assert.Equal(PersistentLogError.Damaged, Assert.Throws<PersistentLogException>(() => Open()).Error);
    }

    [Fact]
    public void Records_of_a_former_log_in_the_same_place_are_not_found()
    {
        LogEngine<RecordedMemory> former = Create();
        former.Append(Record(100, 1));
        former.Append(Record(100, 2));

        Create();
        Assert.Empty(Read(Open()));
        Create().Append(Record(100, 1));
        Assert.Equal([Record(100, 1)], Read(Open()));
    }

    [Fact]
    public void Opening_stores_what_may_not_be_durable_once_more_if_it_is_told_to_and_only_that()
    {
        LogEngine<RecordedMemory> log = Create();
        log.Append(Record(100, 1));
        log = Open();
        log.Append(Record(100, 2));
        _memory.Events.Clear();

        LogEngine<RecordedMemory>.Open(_memory.Log, new LogOpening(Rewrites: true));

        Assert.Equal(
            Enumerable.Range(AreaWord + 16, 16),
            _memory.Events.Where(one => one.Kind == MemoryEvent.What.Store && one.Index >= AreaWord).Select(one => one.Index).Order());
        Assert.Equal([Record(100, 1), Record(100, 2)], Read(Open()));
    }

    private int Fences() => _memory.Events.Count(one => one.Kind == MemoryEvent.What.Fence);

    private LogEngine<RecordedMemory> Create(int alignment = 64, bool isRing = false) =>
        LogEngine<RecordedMemory>.Create(_memory.Log, alignment, isRing);

    private LogEngine<RecordedMemory> Open() => LogEngine<RecordedMemory>.Open(_memory.Log);

    private static byte[] Record(int length, int seed = 0)
    {
        byte[] record = new byte[length];
        new Random(seed).NextBytes(record);
        return record;
    }

    /// <summary>Null for each place where records were lost.</summary>
    private static List<byte[]?> ReadOverGaps(LogEngine<RecordedMemory> log)
    {
        LogCursor cursor = new();
        log.Seek(cursor, log.Tail.Sequence);
        List<byte[]?> records = [];
        while (true)
        {
            try
            {
                if (!log.TryRead(cursor, withUndurable: false))
                {
                    return records;
                }

                records.Add(cursor.Bytes.ToArray());
            }
            catch (PersistentLogException lost) when (lost.Missed > 0)
            {
                records.Add(null);
            }
        }
    }

    private static List<byte[]> Read(LogEngine<RecordedMemory> log)
    {
        LogCursor cursor = new();
        log.Seek(cursor, log.Tail.Sequence);
        List<byte[]> records = [];
        while (log.TryRead(cursor, withUndurable: false))
        {
            records.Add(cursor.Bytes.ToArray());
        }

        return records;
    }

    /// <summary>A buffer that was given back.</summary>
    private sealed class GoneMemory : MemoryManager<byte>
    {
        public override Memory<byte> Memory => CreateMemory(10);

        public override Span<byte> GetSpan() => throw new ObjectDisposedException(nameof(GoneMemory));

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
