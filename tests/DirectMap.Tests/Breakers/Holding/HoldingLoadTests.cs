using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using DirectMap.Breakers;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tests.Mapping;

namespace DirectMap.Tests.Breakers.Holding;

/// <summary>Many calls, many breakers, many files.</summary>
[Collection(nameof(Alone))]
public sealed class HoldingLoadTests(ForeignProgram program, ITestOutputHelper output) : HoldingTest(program)
{
    private static readonly MapOptions s_waits = new() { WhenUnavailable = WhenUnavailable.Wait };

    [Fact]
    public async Task Twenty_thousand_calls_by_two_hundred_threads_are_all_answered_and_break_what_they_meet()
    {
        const int Threads = 200;
        const int Calls = 100;
        using DirectFile file = Guarded(Long, length: Threads * 4096);
        ConcurrentQueue<string> wrong = new();
        ForeignProcess crowd = Start("crowd", "file.pmem", Threads, Calls, 4096);
        Assert.Equal("ready", await crowd.ReadLine().Within());
        using CancellationTokenSource over = new();
        int maps = 0;
        async Task HoldAgainAndAgain()
        {
            while (!over.IsCancellationRequested)
            {
                TaskCompletionSource broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
                using MappedRegion region = await file.MapAsync(s_waits with
                {
                    Range = new FileRange(0, 4096),
                    LeaseCoverage = LeaseCoverage.MappedRange,
                    OnBreak = (_, _) => broken.SetResult(),
                }).AsTask().Within();
                long before = region.Read<long>(0);
                _ = await Task.WhenAny(broken.Task, Task.Delay(1));
                long after = region.Read<long>(0);
                maps++;
                if (before != after)
                {
                    wrong.Enqueue($"{before:X} became {after:X} while the lease was in force");
                }
            }
        }

        Task holding = Task.Run(HoldAgainAndAgain);

        long begin = Stopwatch.GetTimestamp();
        Task<string> first = crowd.Ask("go");
        string line = await first.WaitAsync(TimeSpan.FromSeconds(60));
        TimeSpan took = Stopwatch.GetElapsedTime(begin);
        await over.CancelAsync();
        await holding.Within();
        string[] lines = [line, .. crowd.End().Split('\n')];

        output.WriteLine($"{Threads * Calls} calls in {took.TotalSeconds:F1} s beside {maps} leases");
        Assert.Empty(wrong);
        Assert.Equal(Threads, lines.Length);
        Assert.All(lines.Select(FieldsOf), one => Assert.Equal((one.Number, Calls, 0L, 0L), one));
        Assert.Equal(ProtectionLevel.Proved, file.Protection.Level);
        AssertCanBeMapped(file);
    }

    [Fact]
    public async Task A_hundred_breakers_at_once_all_go_on_at_one_release()
    {
        using DirectFile file = Guarded(Long, length: 100 * 4096);
        MappedRegion region = Map(file);
        ForeignProcess crowd = Start("crowd", "file.pmem", 100, 1, 4096);
        Assert.Equal("ready", await crowd.ReadLine().Within());
        Task<string> first = crowd.Ask("go");
        AwaitBreaks();
        Soon.Until(() => HeldThreadsOf(crowd) == 100, "a hundred wait");
        Assert.Equal(0, region.Read<byte>(0));

        region.Dispose();

        string[] lines = [await first.Within(), .. crowd.End().Split('\n')];
        Assert.All(lines.Select(FieldsOf), one => Assert.Equal((one.Number, 1L, 0L, 0L), one));
        Assert.Single(Told);
        AssertCanBeMapped(file);
    }

    [Fact]
    public async Task More_than_may_wait_for_one_file_are_told_to_try_again()
    {
        const int Threads = GuardedFile.MostWaiting + 40;
        using DirectFile file = Guarded(Long, length: Threads * 4096);
        MappedRegion region = Map(file);
        ForeignProcess crowd = Start("crowd", "file.pmem", Threads, 1, 4096);
        Assert.Equal("ready", await crowd.ReadLine().Within());
        Task<string> first = crowd.Ask("go");
        Soon.Until(() => HeldThreadsOf(crowd) == GuardedFile.MostWaiting && IsDone(crowd, Threads), "the others are answered");

        region.Dispose();

        string[] lines = [await first.Within(), .. crowd.End().Split('\n')];
        (long Number, long Done, long Failed, long Errno)[] all = [.. lines.Select(FieldsOf)];
        Assert.Equal(GuardedFile.MostWaiting, all.Count(one => one.Done == 1));
        Assert.Equal(40, all.Count(one => one is { Failed: 1, Errno: ForeignProcess.EAGAIN }));
        AssertCanBeMapped(file);
    }

    [Fact]
    public void A_thousand_files_are_guarded_and_each_is_broken_by_its_own_breaker()
    {
        const int Files = 1_000;
        List<DirectFile> files = [];
        int broken = 0;
        try
        {
            long begin = Stopwatch.GetTimestamp();
            DirectFileOptions options = OptionsOf(Long);
            List<MappedRegion> regions = [];
            for (int number = 0; number < Files; number++)
            {
                string path = Folder.File($"many{number.ToString(CultureInfo.InvariantCulture)}");
                File.WriteAllBytes(path, new byte[4096]);
                files.Add(DirectFile.Open(path, options));
                regions.Add(files[^1].Map(new MapOptions
                {
                    OnBreak = (region, _) =>
                    {
                        Interlocked.Increment(ref broken);
                        region.Dispose();
                    }
                }));
            }

            output.WriteLine($"{Files} files in {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:F0} ms");
            Assert.All(regions, region => Assert.Equal(ProtectionLevel.Proved, region.Protection.Level));

            Assert.Equal("0", Start("files", "many", Files).End());

            Assert.Equal(Files, broken);
            Assert.All(files, file => Assert.Equal((byte)'x', File.ReadAllBytes(file.Path)[0]));
        }
        finally
        {
            files.ForEach(file => file.Dispose());
        }
    }

    [Fact]
    public async Task One_file_is_broken_a_thousand_times()
    {
        const int Breaks = 1_000;
        using DirectFile file = Guarded(Long);
        ForeignProcess writer = Start("hammer");
        Assert.Equal("ready", await writer.ReadLine().Within());
        long begin = Stopwatch.GetTimestamp();
        for (int count = 0; count < Breaks; count++)
        {
            TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using MappedRegion region = await file.MapAsync(s_waits with { OnBreak = (_, _) => told.SetResult() }).AsTask().Within();
            await told.Task.Within();
        }

        output.WriteLine($"{Breaks} breaks in {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:F0} ms");
        Assert.EndsWith(" 0 0", writer.End(), StringComparison.Ordinal); // Nobody was refused.
        Assert.Equal(ProtectionLevel.Proved, file.Protection.Level);
    }

    private static int HeldThreadsOf(ForeignProcess process) =>
        Directory.GetDirectories($"/proc/{process.Id}/task")
            .Count(task => ForeignProcess.StackOf(int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture))
                .Contains("fanotify", StringComparison.Ordinal));

    /// <summary>All threads but those that wait have ended; the first one is there, too.</summary>
    private static bool IsDone(ForeignProcess process, int threads) =>
        Directory.GetDirectories($"/proc/{process.Id}/task").Length == threads - 40 + 1;

    private static (long Number, long Done, long Failed, long Errno) FieldsOf(string line)
    {
        long[] fields = [.. line.Split(' ').Select(one => long.Parse(one, CultureInfo.InvariantCulture))];
        return (fields[0], fields[1], fields[2], fields[3]);
    }
}
