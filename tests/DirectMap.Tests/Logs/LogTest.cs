using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>A test of a log in a region: the region, what a process leaves of it, and records that tell which they are.</summary>
public abstract class LogTest : LossTest
{
    internal const PersistGranularity CacheLine = PersistGranularity.CacheLine;

    internal MappedRegion Map(PersistGranularity granularity, out DirectFile file, long length = 64 << 10)
    {
        file = Create(length);
        Keep(file);
        return file.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = granularity });
    }

    /// <summary>What is in a region, in a file of its own, as a process leaves it that ends without closing its log.</summary>
    internal MappedRegion MapCopy(MappedRegion region)
    {
        byte[] bytes = new byte[region.Length];
        region.CopyTo(0, bytes);
        DirectFile file = Create(region.Length, $"{Guid.NewGuid()}.pmem");
        Keep(file);
        MappedRegion copy = file.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = region.Facts.Granularity.Value });
        copy.CopyFrom(0, bytes);
        return copy;
    }

    internal static byte[] Record(int number, int length)
    {
        byte[] record = new byte[length];
        new Random(number).NextBytes(record);
        return record;
    }

    internal static List<byte[]> ReadAll(PersistentLog log, long? from = null)
    {
        List<byte[]> records = [];
        foreach (PersistentLogEntry entry in log.Read(from))
        {
            records.Add(entry.Bytes.ToArray());
        }

        return records;
    }
}
