using System.Runtime.InteropServices;
using System.Text;
using DirectMap.Logs;

namespace DirectMap.Tests.Logs;

/// <summary>Where a log is made, and where it is not: over zeros and over its own half-made header, and over nothing else.</summary>
public sealed class LogPlaceTests
{
    private const int Words = (int)(LogHeader.AreaOffset + 8192) / sizeof(ulong);
    private const int SlotWord = (int)LogHeaderSlot.Distance / sizeof(ulong);

    [Fact]
    public void Over_zeros_a_log_is_made() =>
        Assert.Equal(1, OpenOrCreate(new ulong[Words], out _).Append([1]));

    [Fact]
    public void Over_a_text_no_log_is_made()
    {
        ulong[] words = new ulong[Words];
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 40).Select(i => $"{i},name {i},2024-01-01\n")));
        text.CopyTo(MemoryMarshal.AsBytes(words.AsSpan()));
        AssertRefused(words, PersistentLogError.NotALog);
    }

    [Fact]
    public void Over_any_one_byte_no_log_is_made()
    {
        Random random = new(1);
        for (int i = 0; i < 500; i++)
        {
            ulong[] words = new ulong[Words];
            words[i < 64 ? (i / 32 * SlotWord) + (i % 32) : random.Next(Words)] = 1UL << random.Next(64);
            AssertRefused(words, PersistentLogError.NotALog);
        }
    }

    [Fact]
    public void A_log_of_version_01_is_refused_by_name()
    {
        foreach (int slot in (int[])[0, SlotWord])
        {
            ulong[] words = new ulong[Words];
            words[slot] = 0x3130_474F_4C4D_4401;
            Assert.Contains("01", AssertRefused(words, PersistentLogError.NotALog).Message);
        }
    }

    [Fact]
    public void A_log_whose_first_sector_is_lost_has_all_its_records()
    {
        ulong[] words = Log(100);
        words.AsSpan(0, 64).Clear();
        Assert.Equal(100, OpenOrCreate(words, out _).LastSequence);
    }

    [Fact]
    public void A_log_that_is_damaged_or_lost_its_header_is_no_place_for_a_new_one()
    {
        ulong[] log = Log(100);
        AssertRefused([.. log], PersistentLogError.Damaged, words => words[(LogHeader.AreaOffset / 8) + 1] ^= 1);
        for (int bit = 0; bit < 64; bit++)
        {
            ulong[] both = [.. log];
            both[0] ^= 1UL << bit;
            both[SlotWord] ^= 1UL << ((bit + 7) % 64);
            AssertRefused(both);
            both[0] ^= 1UL << bit;
            both[5] ^= 1UL << bit;
            AssertRefused(both);
        }

        AssertRefused([.. log], PersistentLogError.NotALog, words => words.AsSpan(0, 2 * SlotWord).Clear());
        AssertRefused(Log(0), PersistentLogError.Damaged, words => (words[3], words[SlotWord + 3]) = (0, 0));
    }

    /// <summary>Everything that a crash leaves while a log is made: there is nothing, a log, or what is made anew.</summary>
    [Theory]
    [InlineData(64)]
    [InlineData(4096)]
    public void What_a_crash_leaves_of_making_a_log_is_made_anew(int unit)
    {
        CrashMemory memory = new(new ulong[Words], unit);
        LogEngine<RecordedMemory>.Create(memory.Log, 64, isRing: false);
        CrashStates states = new(memory, seed: 1);
        HashSet<LogPlaceKind> kinds = [];
        HashSet<ulong> seen = [];
        while (states.Step())
        {
            foreach (ulong[] state in states.Here(limit: 500, seen.Add))
            {
                kinds.Add(LogPlace.Look(new CrashMemory(state, remembers: false).Log, looksForOthers: true).Kind);
                Assert.Equal(1, OpenOrCreate(state, out _).Append([1]));
            }
        }

        Assert.Equal([LogPlaceKind.Empty, LogPlaceKind.HalfMade, LogPlaceKind.Log], kinds.Order());
    }

    private static void AssertRefused(ulong[] words) =>
        Assert.Contains(
            AssertRefused(words, error: null).Error, (PersistentLogError[])[PersistentLogError.NotALog, PersistentLogError.Damaged]);

    private static PersistentLogException AssertRefused(ulong[] words, PersistentLogError? error, Action<ulong[]>? change = null)
    {
        change?.Invoke(words);
        ulong[] before = [.. words];
        CrashMemory memory = new(words);
        PersistentLogException refused = Assert.Throws<PersistentLogException>(
            () => LogEngine<RecordedMemory>.OpenOrCreate(memory.Log, default, 64, isRing: false));
        Assert.Equal(error ?? refused.Error, refused.Error);
        Assert.Empty(memory.Events);
        Assert.Equal(before, memory.Content);
        return refused;
    }

    private static LogEngine<RecordedMemory> OpenOrCreate(ulong[] words, out CrashMemory memory)
    {
        memory = new CrashMemory(words);
        return LogEngine<RecordedMemory>.OpenOrCreate(memory.Log, default, 64, isRing: false);
    }

    private static ulong[] Log(int records)
    {
        CrashMemory memory = new(new ulong[Words]);
        LogEngine<RecordedMemory> log = LogEngine<RecordedMemory>.Create(memory.Log, 64, isRing: false);
        for (int i = 0; i < records; i++)
        {
            log.Append([(byte)i, 2, 3]);
        }

        return memory.Content;
    }
}
