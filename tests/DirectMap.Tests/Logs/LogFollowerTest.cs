using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>The base of tests over a log that one region appends to, and others, mapped for reading, follow.</summary>
public abstract class LogFollowerTest : FileTest
{
    internal static readonly PersistentLogOptions Ring = new() { Range = new FileRange(0, 16 << 10), IsRing = true };

    private readonly DirectFile _file;
    private readonly DirectFile _readOnly;
    private readonly List<IDisposable> _kept = [];

    internal LogFollowerTest(FileBackingKind backing = FileBackingKind.Linux)
        : base(backing)
    {
        if (backing == FileBackingKind.Linux)
        {
            Requires.Native(); // Lines are flushed by it.
        }

        _file = Create(length: 64 << 10);
        _readOnly = DirectFile.Open(_file.Path, Options with { Access = FileAccess.Read });
        Writable = Keep(_file.Map(MapOptions.DirectOrEmulated with
        {
            EmulatedGranularity = backing == FileBackingKind.Linux ? PersistGranularity.CacheLine : null,
        }));
    }

    internal MappedRegion Writable { get; }

    internal string LogPath => _file.Path;

    public override void Dispose()
    {
        _kept.Reverse();
        _kept.ForEach(one => one.Dispose());
        _readOnly.Dispose();
        _file.Dispose();
        base.Dispose();
    }

    /// <summary>It goes with the test.</summary>
    internal T Keep<T>(T one)
        where T : IDisposable
    {
        _kept.Add(one);
        return one;
    }

    internal PersistentLog Write(PersistentLogOptions? options = null) => Keep(PersistentLog.OpenOrCreate(Writable, options));

    internal MappedRegion MapForReading() => Keep(_readOnly.Map(MapOptions.DirectOrEmulated));

    /// <summary>Its waits do not end by their bound: what ends one has woken it.</summary>
    internal PersistentLogFollower Follow(PersistentLogOptions? options = null) => Follow(MapForReading(), options);

    internal PersistentLogFollower Follow(MappedRegion region, PersistentLogOptions? options = null)
    {
        PersistentLogFollower follower = Keep(PersistentLogFollower.Open(region, options));
        follower.Waits.SleepLong();
        return follower;
    }

    internal static byte[] Record(long number) => BitConverter.GetBytes(number);

    internal static long[] Numbers(PersistentLogReader reader)
    {
        List<long> numbers = [];
        foreach (PersistentLogEntry entry in reader)
        {
            Assert.Equal(Record(entry.Sequence), entry.Bytes.ToArray());
            numbers.Add(entry.Sequence);
        }

        return [.. numbers];
    }

    internal static long[] Range(long first, long last) => [.. Enumerable.Range((int)first, (int)(last - first + 1)).Select(i => (long)i)];

    /// <summary>Appends so many, each with its number in it.</summary>
    internal static void Append(PersistentLog log, int count)
    {
        for (int i = 0; i < count; i++)
        {
            log.Append(Record(log.LastSequence + 1));
        }
    }
}
