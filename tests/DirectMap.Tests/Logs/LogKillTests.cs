using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;
using Report = DirectMap.Tests.Children.LogCases.Report;

namespace DirectMap.Tests.Logs;

/// <summary>
/// Processes that append to one log, one after another, each killed at a random moment (SIGKILL): what a process that dies leaves, by real
/// stores to a real file.
/// </summary>
public sealed class LogKillTests(ITestOutputHelper output) : IDisposable
{
    private const int Rounds = 100;

    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task Two_hundred_times_what_a_killed_process_leaves_is_a_prefix_with_all_that_it_reported_durable()
    {
        Requires.Native();
        string[] results = await Task.WhenAll(
            Task.Run(() => Run(PersistGranularity.CacheLine, new PersistentLogOptions { IsRing = true, RecordAlignment = 8 })),
            Task.Run(() => Run(PersistGranularity.Page, new PersistentLogOptions())));
        Array.ForEach(results, output.WriteLine);
    }

    public void Dispose() => _directory.Dispose();

    private string Run(PersistGranularity granularity, PersistentLogOptions kind)
    {
        string path = _directory.File($"{granularity}.log"), reportPath = _directory.File($"{granularity}.report");
        File.WriteAllBytes(reportPath, new byte[4096]);
        using MemoryMappedFile reportFile = MemoryMappedFile.CreateFromFile(reportPath, FileMode.Open);
        using MemoryMappedViewAccessor report = reportFile.CreateViewAccessor();
        using DirectFile file = DirectFile.Create(path, LogCases.Length);
        using (MappedRegion region = file.Map(LogCases.Options($"{granularity}")))
        {
            PersistentLog.Create(region, kind).Dispose();
        }

        Random random = new((int)granularity);
        int inDoubt = 0, torn = 0, whileOpening = 0;
        for (int round = 0; round < Rounds; round++)
        {
            report.Write(Report.Stage, 0L);
            using Process child = ChildProcess.Start(LogCases.AppendUntilKilled, path, reportPath, $"{granularity}");
            long until = report.ReadInt64(Report.Durable) + random.Next(granularity == PersistGranularity.Page ? 60 : 3000);
            bool isEarly = round % 5 == 0;
            Soon.Until(() => child.HasExited || report.ReadInt64(Report.Stage) >= (isEarly ? 1 : 2), "the child opens the log");
            Soon.Until(() => isEarly || child.HasExited || report.ReadInt64(Report.Durable) >= until, "the child appends");
            SpinFor(TimeSpan.FromMicroseconds(random.Next(isEarly ? 2000 : 200)));
            Assert.False(child.HasExited, "the child ended by itself");
            whileOpening += report.ReadInt64(Report.Stage) == 1 ? 1 : 0;
            child.Kill();
            child.WaitForExit();

            long durable = report.ReadInt64(Report.Durable);
            using MappedRegion region = file.Map(LogCases.Options($"{granularity}"));
            using PersistentLog log = PersistentLog.Open(region);
            Assert.InRange(log.LastSequence, durable, Math.Max(durable, report.ReadInt64(Report.Begun)));
            inDoubt += log.LastSequence > durable ? 1 : 0;
            torn += log.Recovery.StoppedAt == PersistentLogStop.TornRecord ? 1 : 0;
            long number = log.FirstSequence;
            foreach (PersistentLogEntry entry in log.Read())
            {
                Assert.Equal(number, entry.Sequence);
                Assert.True(
                    entry.Bytes.Span.SequenceEqual(LogCases.Record(number++)),
                    $"round {round}: record {entry.Sequence} is not what was appended");
            }

            Assert.Equal(log.LastSequence + 1, number);
            report.Write(Report.Durable, log.LastSequence); // It was found, and is durable now.
        }

        return $"{granularity}: {Rounds} rounds, {report.ReadInt64(Report.Durable)} records; {inDoubt} times more than was reported, "
            + $"{torn} torn, {whileOpening} killed while opening";
    }

    private static void SpinFor(TimeSpan time)
    {
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < time)
        {
            Thread.SpinWait(10);
        }
    }
}
