using DirectMap.Logs;

namespace DirectMap.Tests.Logs;

/// <summary>How much of a long log is read by an opening: counted, since time says little about it.</summary>
public sealed class LogOpeningCostTests
{
    private const long MiB = 1 << 20;
    private const long Headers = 1024;

    private readonly SparseMemory _memory = new(16L << 30);

    [Fact]
    public void After_a_clean_close_an_opening_reads_the_records_and_nothing_behind_them()
    {
        LogEngine<CountedMemory> log = Write();
        log.Close();
        long used = log.Capacity - log.FreeBytes;
        _memory.Forget();

        LogEngine<CountedMemory> opened = Open();

        Assert.Equal((log.LastSequence, PersistentLogStop.End), (opened.LastSequence, opened.Recovery.StoppedAt));
        Assert.InRange(_memory.Loaded, used / 2, used + Headers);
        Assert.InRange(_memory.LoadedTo, used, LogHeader.AreaOffset + used + RecordHead.Size);
    }

    /// <summary>A step of the search reads a head at most.</summary>
    [Fact]
    public void After_a_crash_an_opening_reads_at_most_one_distance_of_the_bound_behind_the_records()
    {
        LogEngine<CountedMemory> log = Write();
        long used = log.Capacity - log.FreeBytes;
        _memory.Forget();

        LogEngine<CountedMemory> opened = Open();

        Assert.Equal((log.LastSequence, PersistentLogStop.End), (opened.LastSequence, opened.Recovery.StoppedAt));
        Assert.InRange(_memory.LoadedTo, used, LogHeader.AreaOffset + used + (16 * MiB));
        Assert.InRange(_memory.Loaded, used / 2, used + (16 * MiB) + Headers);
    }

    /// <summary>The search looks as far as any record was stored, however much is lost before it.</summary>
    [Fact]
    public void What_lies_behind_a_long_damage_is_found_up_to_the_bound()
    {
        LogEngine<CountedMemory> log = Write();
        _memory.Store(LogHeader.AreaOffset, new byte[MiB - 8192]);

        PersistentLogException damaged = Assert.Throws<PersistentLogException>(Open);

        Assert.Equal(PersistentLogError.Damaged, damaged.Error);
        PersistentLogRecovery cut = LogEngine<CountedMemory>.Open(_memory.Log, new LogOpening(CutsDamage: true)).Recovery;
        Assert.Equal(log.LastSequence, cut.LastSequence);
        Assert.Equal([new PersistentLogGap(1, (MiB - 8192) / 256)], cut.Lost);
    }

    /// <summary>1 MiB of records.</summary>
    private LogEngine<CountedMemory> Write()
    {
        LogEngine<CountedMemory> log = LogEngine<CountedMemory>.Create(_memory.Log, 64, isRing: false);
        byte[] record = new byte[256 - RecordHead.Size];
        for (long i = 0; i < MiB / 256; i++)
        {
            record[0]++;
            log.Append(record);
        }

        return log;
    }

    private LogEngine<CountedMemory> Open() => LogEngine<CountedMemory>.Open(_memory.Log);
}
