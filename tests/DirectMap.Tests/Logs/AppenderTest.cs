using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>The base of tests about who may append to a log that does not begin at its file's beginning.</summary>
public abstract class AppenderTest : FileTest
{
    internal const int Length = 16 << 10;

    /// <summary>A log of 16 KiB at 4096, and room behind it.</summary>
    internal static readonly PersistentLogOptions Where = new() { Range = new FileRange(4096, Length) };

    /// <summary>One for several hundred records.</summary>
    internal static readonly PersistentLogOptions WithRoom = Where with { Range = new FileRange(4096, 56 << 10) };

    internal AppenderTest(FileBackingKind backing = FileBackingKind.Linux)
        : base(backing) => TheFile = Create();

    internal DirectFile TheFile { get; }

    internal static MappedRegion Map(DirectFile file) => file.Map(MapOptions.DirectOrEmulated);

    /// <summary>All that is in a region.</summary>
    internal static byte[] Bytes(MappedRegion region)
    {
        byte[] bytes = new byte[region.Length];
        region.CopyTo(0, bytes);
        return bytes;
    }

    /// <summary>The first byte of each record.</summary>
    internal static byte[] Records(PersistentLog log)
    {
        List<byte> records = [];
        foreach (PersistentLogEntry entry in log.Read())
        {
            records.Add(entry.Bytes.Span[0]);
        }

        return [.. records];
    }

    internal static PersistentLogException AssertTaken(Action open)
    {
        PersistentLogException taken = Assert.Throws<PersistentLogException>(open);
        Assert.Equal((PersistentLogError.Taken, 16), (taken.Error, taken.HResult));
        return taken;
    }

    /// <summary>That nobody has the log; it is opened, and closed.</summary>
    internal static void AssertFree(MappedRegion region) => PersistentLog.Open(region, Where).Dispose();

    public override void Dispose()
    {
        TheFile.Dispose();
        base.Dispose();
    }
}
