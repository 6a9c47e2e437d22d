using System.IO.MemoryMappedFiles;

namespace DirectMap.Tests.Children;

/// <summary>A log that is appended to until the process is killed.</summary>
internal static class LogCases
{
    internal const int Length = 64 << 10;

    /// <summary>What the parent reads in the second file.</summary>
    internal static class Report
    {
        /// <summary>1 when the log is about to be opened, 2 when it is open.</summary>
        internal const long Stage = 0;

        /// <summary>The highest number that was begun.</summary>
        internal const long Begun = 8;

        /// <summary>The highest number that was reported durable.</summary>
        internal const long Durable = 16;
    }

    /// <summary>Each record is a function of its number, so that who reads it knows what it has to be.</summary>
    internal static byte[] Record(long number)
    {
        Random random = new((int)number);
        byte[] record = new byte[random.Next(4) == 0 ? random.Next(10) : random.Next(400)];
        random.NextBytes(record);
        return record;
    }

    internal static MapOptions Options(string granularity) =>
        MapOptions.DirectOrEmulated with { EmulatedGranularity = Enum.Parse<PersistGranularity>(granularity) };

    /// <summary>Arguments: the log's file, the report's file, the granularity. Never ends by itself.</summary>
    internal static int AppendUntilKilled(string[] arguments)
    {
        using MemoryMappedFile reportFile = MemoryMappedFile.CreateFromFile(arguments[1], FileMode.Open);
        using MemoryMappedViewAccessor report = reportFile.CreateViewAccessor();
        using DirectFile file = DirectFile.Open(arguments[0]);
        using MappedRegion region = file.Map(Options(arguments[2]));
        report.Write(Report.Stage, 1L);
        using PersistentLog log = PersistentLog.Open(region);
        report.Write(Report.Stage, 2L);
        while (true)
        {
            if (!log.IsRing && log.FreeBytes < Length / 4)
            {
                log.Trim(log.LastSequence - ((log.LastSequence - log.FirstSequence) / 4));
            }

            long next = log.LastSequence + 1;
            int count = next % 5 == 0 ? 3 : 1;
            report.Write(Report.Begun, next + count - 1);
            byte[][] records = [.. Enumerable.Range(0, count).Select(i => Record(next + i))];
            report.Write(Report.Durable, (next % 7) switch
            {
                1 => Task.WhenAll(records.Select(record => log.AppendAsync(record).AsTask())).GetAwaiter().GetResult().Max(),
                _ when count == 1 => log.Append(records[0]),
                _ => log.AppendBatch([.. records.Select(record => (ReadOnlyMemory<byte>)record)]),
            });
        }
    }
}
