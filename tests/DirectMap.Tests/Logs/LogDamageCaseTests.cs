using System.Runtime.InteropServices;
using DirectMap.Logs;

namespace DirectMap.Tests.Logs;

/// <summary>Damage, case by case: what other logs' bug reports tell of. At random: <see cref="LogDamageTests"/>.</summary>
public sealed class LogDamageCaseTests
{
    private const int MiB = 1 << 20;

    private CrashMemory _memory = new([]);

    [Fact]
    public void A_flipped_number_of_a_record_of_2_MiB_loses_that_record_and_no_other()
    {
        LogEngine<RecordedMemory> log = Create(3 * MiB);
        log.Append(Record(1, 2 * MiB));
        AppendSingly(log, 1000, 4);
        Bytes(LogHeader.AreaOffset + 8)[0] ^= 2;

        Assert.Equal([new PersistentLogGap(1, 1)], LostOf(1001));
    }

    [Fact]
    public void A_page_of_zeros_over_the_head_of_a_record_of_more_than_1_MiB_loses_what_was_in_that_page()
    {
        LogEngine<RecordedMemory> log = Create(3 * MiB);
        AppendSingly(log, 100, 40);
        log.Append(Record(101, (3 * MiB) / 2));
        AppendSingly(log, 100, 40);
        Bytes(LogHeader.AreaOffset + 4096, 4096).Clear(); // 64 records of 64 bytes are before it.
        Bytes(LogHeader.AreaOffset + 8192, 4096).Clear();

        Assert.Equal([new PersistentLogGap(65, 101)], LostOf(201));
    }

    [Theory]
    [InlineData(0, 4, 1)] // at the beginning
    [InlineData(2, 1, 2049)] // amid the records
    public void Some_MiB_of_zeros_lose_the_records_that_lay_there(int at, int length, int first)
    {
        LogEngine<RecordedMemory> log = Create(6 * MiB);
        AppendSingly(log, 5000, 1000);
        Bytes(LogHeader.AreaOffset + (at * MiB), length * MiB).Clear();

        Assert.Equal([new PersistentLogGap(first, first + (length * 1024) - 1)], LostOf(5000));
    }

    [Fact]
    public async Task A_changed_byte_of_one_of_8000_records_of_64_appenders_loses_that_record_and_no_other()
    {
        LogEngine<RecordedMemory> log = Create(9 * MiB);
        await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(async () =>
        {
            for (int j = 0; j < 125; j++)
            {
                await log.AppendAsync(Record(i, 1000), CancellationToken.None);
            }
        })));
        Assert.Equal(0, _memory.Overlaps);
        Bytes(LogHeader.AreaOffset + (1000 * 1024) + 500)[0] ^= 1;

        Assert.Equal([new PersistentLogGap(1001, 1001)], LostOf(8000));
    }

    [Fact]
    public void A_changed_byte_of_a_batch_that_others_follow_loses_that_record_and_no_other()
    {
        LogEngine<RecordedMemory> log = Create(5 * MiB);
        log.AppendBatch([.. Enumerable.Range(1, 3000).Select(i => (ReadOnlyMemory<byte>)Record(i, 1000))]);
        AppendSingly(log, 1000, 1000);
        Bytes(LogHeader.AreaOffset + (99 * 1024) + 500)[0] ^= 1;

        Assert.Equal([new PersistentLogGap(100, 100)], LostOf(4000));
    }

    /// <summary>Nobody can tell it from a batch that a crash has torn: nothing was stored after it was durable.</summary>
    [Fact]
    public void A_changed_byte_of_the_last_batch_is_damage_only_once_the_log_was_closed_or_opened()
    {
        LogEngine<RecordedMemory> log = Create(MiB);
        log.Append(Record(1, 10));
        log.AppendBatch([Record(2, 1000), Record(3, 1000), Record(4, 1000)]);
        ulong[] written = [.. _memory.Content];
        Bytes(LogHeader.AreaOffset + 64 + 500)[0] ^= 1;
        LogEngine<RecordedMemory> torn = LogEngine<RecordedMemory>.Open(_memory.Log);
        Assert.Equal((PersistentLogStop.TornRecord, 1), (torn.Recovery.StoppedAt, torn.LastSequence));

        written.CopyTo(_memory.Content, 0);
        log.Close();
        Bytes(LogHeader.AreaOffset + 64 + 500)[0] ^= 1;
        Assert.Equal([new PersistentLogGap(2, 2)], LostOf(4));
    }

    /// <summary>The length would lead from record 1 to the beginning of record 3, and record 2 is whole.</summary>
    [Fact]
    public void A_flipped_length_that_leads_to_a_later_record_does_not_lose_those_between()
    {
        LogEngine<RecordedMemory> log = Create(MiB);
        AppendSingly(log, 10, 1000);
        Bytes(LogHeader.AreaOffset + 1)[0] ^= 4; // 1,024 bytes more

        Assert.Equal([new PersistentLogGap(1, 1)], LostOf(10));
    }

    /// <summary>What was left of a torn batch has numbers that are used again, and soon those of a former life.</summary>
    [Fact]
    public void What_was_left_behind_a_torn_record_does_not_come_back_in_place_of_what_is_lost_later()
    {
        LogEngine<RecordedMemory> log = Create(MiB);
        log.AppendBatch([Record(1, 3000), Record(2, 3000), Record(3, 3000)]);
        Bytes(LogHeader.AreaOffset + 100)[0] ^= 1;
        log = LogEngine<RecordedMemory>.Open(_memory.Log);
        Assert.Equal(0, log.LastSequence);
        AppendSingly(log, 3, 10);
        LogEngine<RecordedMemory>.Open(_memory.Log);
        Bytes(LogHeader.AreaOffset, 192).Clear();

        Assert.Equal([new PersistentLogGap(1, 3)], LostOf(3));
    }

    /// <summary>The mark of records that were lost at the end is lost, too, and there is more behind it.</summary>
    [Fact]
    public void Records_behind_a_mark_are_found_though_it_is_lost()
    {
        LogEngine<RecordedMemory> log = Create(MiB);
        AppendSingly(log, 20, 100);
        log.Close();
        Bytes(LogHeader.AreaOffset + (10 * 128), 10 * 128).Clear();
        log = LogEngine<RecordedMemory>.Open(_memory.Log, new LogOpening(CutsDamage: true));
        AppendSingly(log, 5, 100);
        log.Close();
        Bytes(LogHeader.AreaOffset + (10 * 128), 64).Clear();

        Assert.Equal([new PersistentLogGap(11, 20)], LostOf(25));
    }

    /// <summary>A copy of record 4 lies in the bytes of record 3, where the mark has the word that says how many are lost.</summary>
    [Fact]
    public void What_is_left_over_amid_the_words_of_a_mark_takes_nothing_from_it()
    {
        _memory = new CrashMemory(new ulong[(LogHeader.AreaOffset + 4096) / sizeof(ulong)]);
        LogEngine<RecordedMemory> log = LogEngine<RecordedMemory>.Create(_memory.Log, 8, isRing: false);
        AppendSingly(log, 2, 0);
        log.Append(Record(3, 104));
        AppendSingly(log, 3, 0);
        log.Close();
        long lost = LogHeader.AreaOffset + (2 * RecordHead.Size);
        CopyWhole(log.Id, lost + RecordHead.Size + 104, lost + RecordHead.Size, 1);
        Bytes(lost, sizeof(ulong)).Clear(); // the length, too: so its bytes are looked into

        Assert.Equal([new PersistentLogGap(3, 3)], LostOf(6));
    }

    /// <summary>Copies of records 4 and 5, of which the first one lies where the mark goes. The second one must not come back.</summary>
    [Fact]
    public void What_is_left_over_behind_the_words_of_a_mark_is_taken_away()
    {
        _memory = new CrashMemory(new ulong[(LogHeader.AreaOffset + 4096) / sizeof(ulong)]);
        LogEngine<RecordedMemory> log = LogEngine<RecordedMemory>.Create(_memory.Log, 8, isRing: false);
        AppendSingly(log, 2, 0);
        log.Append(Record(3, 104));
        AppendSingly(log, 3, 0);
        log.Close();
        long lost = LogHeader.AreaOffset + (2 * RecordHead.Size);
        CopyWhole(log.Id, lost + RecordHead.Size + 104, lost + RecordHead.Size, 2);
        Bytes(lost, sizeof(ulong)).Clear();

        LogEngine<RecordedMemory>.Open(_memory.Log, new LogOpening(CutsDamage: true));

        Assert.Equal(0UL, MemoryMarshal.Cast<byte, ulong>(Bytes(lost + (2 * RecordHead.Size), 8))[0]);
        Assert.Equal(6, LogEngine<RecordedMemory>.Open(_memory.Log).LastSequence);
    }

    /// <summary>Where it is damaged nothing is stored. Cut, it has all the others; another opening says the same.</summary>
    private IReadOnlyList<PersistentLogGap> LostOf(long last)
    {
        ulong[] before = [.. _memory.Content];
        CrashMemory memory = new(_memory.Content);
        Assert.Equal(
            PersistentLogError.Damaged, Assert.Throws<PersistentLogException>(() => LogEngine<RecordedMemory>.Open(memory.Log)).Error);
        Assert.Equal(before, memory.Content);
        PersistentLogRecovery cut = LogEngine<RecordedMemory>.Open(memory.Log, new LogOpening(CutsDamage: true)).Recovery;
        PersistentLogRecovery again = LogEngine<RecordedMemory>.Open(memory.Log).Recovery;
        Assert.Equal((last, cut.Count), (cut.LastSequence, again.Count));
        Assert.Equal(cut.Lost, again.Lost);
        return cut.Lost;
    }

    private LogEngine<RecordedMemory> Create(int capacity)
    {
        _memory = new CrashMemory(new ulong[(LogHeader.AreaOffset + capacity) / sizeof(ulong)]);
        return LogEngine<RecordedMemory>.Create(_memory.Log, 64, isRing: false);
    }

    private static void AppendSingly(LogEngine<RecordedMemory> log, int count, int length)
    {
        for (int i = 0; i < count; i++)
        {
            log.Append(Record(i, length));
        }
    }

    /// <summary>Records of no bytes, elsewhere, with the checksums that they have there: a mere copy is not whole.</summary>
    private void CopyWhole(ulong id, long from, long to, int count)
    {
        for (int i = 0; i < count; i++, from += RecordHead.Size, to += RecordHead.Size)
        {
            Bytes(from, RecordHead.Size).CopyTo(Bytes(to, RecordHead.Size));
            Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(Bytes(to, RecordHead.Size));
            LogChecksum checksum = RecordHead.BeginChecksum(id, to - LogHeader.AreaOffset, (long)words[1], words[2], 0);
            words[0] = RecordHead.CommitOf(0, checksum.Value);
        }
    }

    private Span<byte> Bytes(long offset, int length = 1) => MemoryMarshal.AsBytes(_memory.Content.AsSpan()).Slice((int)offset, length);

    private static byte[] Record(int seed, int length)
    {
        byte[] record = new byte[length];
        new Random(seed).NextBytes(record);
        return record;
    }
}
