using DirectMap.Logs;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>What is found where a log may be: one, none, a damaged one, one of another version, or somebody else's bytes.</summary>
public sealed class LogHeaderTests
{
    private const int SlotWord = (int)LogHeaderSlot.Distance / sizeof(ulong);

    private readonly CrashMemory _memory = new(new ulong[(LogHeader.AreaOffset + 8192) / sizeof(ulong)]);

    [Fact]
    public void Where_no_log_is_and_where_its_header_is_lost_is_told_apart()
    {
        Assert.Equal(PersistentLogError.NotALog, Assert.Throws<PersistentLogException>(() => Open()).Error);
        LogEngine<RecordedMemory>.Create(_memory.Log, 64, isRing: false);
        Assert.Equal(PersistentLogError.NotALog, Assert.Throws<PersistentLogException>(() =>
            LogEngine<RecordedMemory>.Open(new CrashMemory(_memory.Content[..((int)(LogHeader.AreaOffset + 4096) / 8)]).Log)).Error);
        _memory.Content[3] ^= 1;
        Assert.Equal(PersistentLogStop.End, Open().Recovery.StoppedAt); // One slot is enough, and is mended.
        _memory.Content[3] ^= 1;
        _memory.Content[SlotWord + 3] ^= 1;
        Assert.Equal(PersistentLogError.Damaged, Assert.Throws<PersistentLogException>(() => Open()).Error);
    }

    /// <summary>A later library that changes what a log means sets a bit there; this one must not touch such a log.</summary>
    [Fact]
    public void A_log_with_features_that_nobody_knows_is_refused_by_name_and_left_alone()
    {
        LogEngine<RecordedMemory>.Create(_memory.Log, 64, isRing: false);
        foreach (int slot in (int[])[0, SlotWord])
        {
            _memory.Content[slot + 11] = 4;
            _memory.Content[slot + 15] = ChecksumOf(_memory.Content[slot..(slot + 15)]);
        }

        ulong[] before = [.. _memory.Content];
        PersistentLogException refused = Assert.Throws<PersistentLogException>(() =>
            LogEngine<RecordedMemory>.OpenOrCreate(_memory.Log, default, 64, isRing: false));

        Assert.Equal(PersistentLogError.NotALog, refused.Error);
        Assert.Contains("features (0x4)", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, _memory.Content);
    }

    /// <summary>Nothing is stored over what somebody else may need.</summary>
    [Theory]
    [InlineData(0x3130_474F_4C4D_4401UL, "format 01")]
    [InlineData(0x616C_2C65_6D61_6EUL, "something else")] // "name,la"
    [InlineData(1UL, "something else")]
    public void Where_anything_else_is_no_log_is_made(ulong word, string says)
    {
        _memory.Content[0] = word;
        ulong[] before = [.. _memory.Content];

        PersistentLogException refused = Assert.Throws<PersistentLogException>(() =>
            LogEngine<RecordedMemory>.OpenOrCreate(_memory.Log, default, 64, isRing: false));

        Assert.Equal(PersistentLogError.NotALog, refused.Error);
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, _memory.Content);
    }

    /// <summary>Anybody can write a checksum that fits; with an alignment of 0 a walk would never end.</summary>
    [Theory]
    [InlineData(4, 0)]
    [InlineData(4, 12)]
    [InlineData(4, 8192)]
    [InlineData(5, -64)]
    [InlineData(5, 4)]
    [InlineData(5, long.MaxValue - 63)]
    [InlineData(6, 0)]
    [InlineData(8, -1)]
    public async Task A_header_that_no_log_has_is_damaged_though_its_checksum_fits(int word, long value)
    {
        LogEngine<RecordedMemory>.Create(_memory.Log, 64, isRing: false);
        foreach (int slot in (int[])[0, SlotWord])
        {
            _memory.Content[slot + word] = (ulong)value;
            _memory.Content[slot + 15] = ChecksumOf(_memory.Content[slot..(slot + 15)]);
        }

        Assert.Equal(PersistentLogError.Damaged, (await Assert.ThrowsAsync<PersistentLogException>(() => Task.Run(Open).Within())).Error);
    }

    private LogEngine<RecordedMemory> Open() => LogEngine<RecordedMemory>.Open(_memory.Log);

    private static ulong ChecksumOf(ulong[] words)
    {
        LogChecksum checksum = new();
        foreach (ulong word in words)
        {
            checksum.Add(word);
        }

        return checksum.Value;
    }
}
