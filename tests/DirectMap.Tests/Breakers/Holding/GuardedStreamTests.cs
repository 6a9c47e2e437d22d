using System.Globalization;
using System.Text;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Breakers.Holding;

/// <summary>The log and the pipe's writer let go for another process, go on after it, and lose nothing.</summary>
public sealed class GuardedStreamTests(ForeignProgram program) : HoldingTest(program)
{
    private const int Breaks = 40;
    private const int LogLength = 256 << 10;
    private const int FileLength = 512 << 10;

    [Fact]
    public async Task A_log_loses_no_record_while_another_process_breaks_its_leases()
    {
        using DirectFile file = Guarded(Long, length: FileLength);
        ForeignProcess other = Writer();
        TaskCompletionSource letGo = New();
        PersistentLog? log = null;
        MapOptions options = MapOptions.DirectOrEmulated with
        {
            WhenUnavailable = WhenUnavailable.Wait,
            OnBreak = (region, _) =>
            {
                using (region)
                {
                    log!.Detach();
                }

                letGo.SetResult();
            },
        };
        log = PersistentLog.Create(file.Map(options), new PersistentLogOptions { Range = new FileRange(0, LogLength) });
        int appended = 0;
        List<Task> waiting = [];
        for (int round = 0; round < Breaks; round++)
        {
            Task<ForeignProcess.Answer> writing =
                other.Begin(string.Create(CultureInfo.InvariantCulture, $"pwrite {LogLength} {round + 1}"));
            while (!letGo.Task.IsCompleted)
            {
                await AppendAsync(log, ++appended, letGo.Task, waiting);
            }

            letGo = New(); // Before there is a region that may be broken.
            Assert.Equal(0, (await writing.Within()).Errno);
            log.Attach(await file.MapAsync(options).AsTask().Within());
        }

        await log.AppendAsync(Encoding.ASCII.GetBytes($"{++appended}")).AsTask().Within();
        await Task.WhenAll(waiting).Within();
        log.Detach();

        using MappedRegion again = await file.MapAsync(MapOptions.DirectOrEmulated with { WhenUnavailable = WhenUnavailable.Wait });
        using PersistentLog read = PersistentLog.Open(again, new PersistentLogOptions { Range = new FileRange(0, LogLength) });
        List<string> records = [];
        foreach (PersistentLogEntry entry in read.Read())
        {
            records.Add(Encoding.ASCII.GetString(entry.Bytes.Span));
        }

        Assert.Equal(Enumerable.Range(1, appended), records.Select(int.Parse).Order()); // Those that waited have no order.
    }

    [Fact]
    public async Task A_pipes_writer_loses_no_byte_while_another_process_breaks_its_leases()
    {
        const int Piece = 997;
        using DirectFile file = Guarded(Long, length: FileLength);
        ForeignProcess other = Writer();
        RegionWriter writer = file.CreateWriter(MapOptions.DirectOrEmulated with { Range = new FileRange(0, LogLength) });
        byte[] all = new byte[Breaks * 4 * Piece];
        Random.Shared.NextBytes(all);
        int written = 0;
        for (int round = 0; round < Breaks; round++)
        {
            Task<ForeignProcess.Answer> breaking =
                other.Begin(string.Create(CultureInfo.InvariantCulture, $"pwrite {LogLength} {round + 1}"));
            for (int piece = 0; piece < 4; piece++, written += Piece)
            {
                await writer.WriteAsync(all.AsMemory(written, Piece)).AsTask().Within();
            }

            Assert.Equal(0, (await breaking.Within()).Errno);
        }

        await writer.CompleteAsync();

        byte[] stored = new byte[all.Length];
        Assert.Equal(stored.Length, file.Read(stored, 0));
        Assert.Equal(all, stored);
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A record waits while the log is detached, and goes on with the next region: it is not awaited past the break.</summary>
    private static async Task AppendAsync(PersistentLog log, int number, Task letGo, List<Task> waiting)
    {
        byte[] record = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{number}"));
        Task appending = log.AppendAsync(record).AsTask();
        waiting.Add(appending);
        await Task.WhenAny(appending, letGo).Within();
    }
}
