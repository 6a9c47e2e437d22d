using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Breakers;

/// <summary>The witness beside much work, many files, and what can be lost.</summary>
public sealed class WatchStressTests : FileTest
{
    private const long StressLength = 1 << 20;

    [Fact]
    public async Task Each_foreign_change_is_told_after_it_and_nothing_else_while_eight_threads_work()
    {
        const int Changes = 300;
        const long Foreign = StressLength - 4096;
        using DirectFile file = Create(StressLength);
        using DirectFile other = Open();
        ConcurrentQueue<long> told = new();
        ConcurrentQueue<Trespass> wrong = new();
        MapOptions half = new() { Range = new(0, StressLength / 2), LeaseCoverage = LeaseCoverage.MappedRange };
        using MappedRegion region = file.Map(half);
        region.Trespassed += (_, trespass) =>
        {
            told.Enqueue(Stopwatch.GetTimestamp());
            if (trespass.Origin != TrespassOrigin.OtherProcess)
            {
                wrong.Enqueue(trespass);
            }
        };
        using Process child = ChildProcess.Start(WitnessCases.ChangeAtRandom, file.Path, $"{Foreign}", $"{Changes}", "1");
        Assert.Equal("ready", await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        using CancellationTokenSource end = new();
        ConcurrentQueue<Exception> failures = new();
        Thread[] threads = StartAll(Work(file, other, region, half), failures, end.Token);

        await child.StandardInput.WriteLineAsync("go");
        List<long> changes = [];
        for (int number = 0; number < Changes; number++)
        {
            string? line = await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            changes.Add(long.Parse(line!, CultureInfo.InvariantCulture));
        }

        Soon.Until(() => told.Any(when => when >= changes[^1]), "the last change is told");
        end.Cancel();
        Assert.All(threads, thread => Assert.True(thread.Join(Soon.Patience)));
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Empty(failures);
        Assert.Empty(wrong);
        long[] when = [.. told.Order()];
        double[] late =
        [
            .. changes.Select(change => Stopwatch.GetElapsedTime(change, when.First(one => one >= change)).TotalMilliseconds).Order(),
        ];
        Assert.True(late[^1] < 5000, $"told after {late[late.Length / 2]} ms in the median, {late[^1]} at most");
        Assert.InRange(when.Length, 1, Changes);
    }

    [Fact]
    public void Operations_are_not_told_while_the_file_is_armed_and_disarmed_all_the_time()
    {
        using DirectFile file = Create();
        using DirectFile strict = DirectFile.Open(file.Path, Options with { Guard = GuardOptions.Preferred(ProtectionLevel.Watched) });
        ConcurrentQueue<Trespass> told = new();
        MapOptions part = new()
        {
            Range = new(0, 4096),
            LeaseCoverage = LeaseCoverage.MappedRange,
            OnTrespass = (_, one) => told.Enqueue(one),
        };
        using CancellationTokenSource end = new(TimeSpan.FromSeconds(2));
        ConcurrentQueue<Exception> failures = new();
        Action<int>[] work =
        [
            number => file.Write(BitConverter.GetBytes(number), 32768),
            number => strict.Write(BitConverter.GetBytes(number), 40960),
            _ => file.Map(part).Dispose(),
            _ => strict.Map(part).Dispose(),
        ];

        Thread[] threads = StartAll(work, failures, end.Token);
        Assert.All(threads, thread => Assert.True(thread.Join(Soon.Patience)));

        Assert.Empty(failures);
        Assert.Empty(told);
    }

    [Fact]
    public void Who_requires_a_level_while_another_thread_arms_the_file_has_it()
    {
        const int Rounds = 300;
        string[] paths = [.. Enumerable.Range(0, Rounds).Select(number =>
        {
            using DirectFile file = Create(4096, $"{number}");
            return file.Path;
        })];
        DirectFileOptions required = Options with { Guard = GuardOptions.Required(ProtectionLevel.Watched) };
        using Barrier barrier = new(4);
        ConcurrentQueue<Exception> failures = new();
        Action<int> open = number => DirectFile.Open(paths[number], required).Dispose();
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (int number = 0; number < Rounds; number++)
            {
                barrier.SignalAndWait();
                Exception? refused = Record.Exception(() => open(number));
                if (refused is not null)
                {
                    failures.Enqueue(refused);
                }
            }
        }))];

        Array.ForEach(threads, static thread => thread.Start());
        Assert.All(threads, thread => Assert.True(thread.Join(Soon.Patience)));

        Assert.Empty(failures);
    }

    /// <summary>What the holders of a file and its library's operations do, each on a thread of its own.</summary>
    private static Action<int>[] Work(DirectFile file, DirectFile other, MappedRegion region, MapOptions half) =>
    [
        number => region.Write(8 * number, (long)number),
        _ => region.Persist(0, 4096),
        number => file.Write(BitConverter.GetBytes(number), StressLength / 2),
        number => other.Write(BitConverter.GetBytes(number), (StressLength / 2) + 8192),
        _ => file.ZeroRange((StressLength / 2) + 16384, 4096),
        _ => other.BreakLayout(new FileRange((StressLength / 2) + 8192, 4096)).Dispose(),
        _ => file.SetLength(StressLength),
        _ =>
        {
            using MappedRegion breaks = other.Map(half);
            breaks.Read<int>(0);
        },
    ];

    private static Thread[] StartAll(Action<int>[] work, ConcurrentQueue<Exception> failures, CancellationToken end)
    {
        Thread[] threads = [.. work.Select(one => new Thread(() =>
        {
            for (int number = 0; !end.IsCancellationRequested; number = (number + 1) % 1000)
            {
                try
                {
                    one(number);
                }
                catch (Exception exception)
                {
                    failures.Enqueue(exception);
                    return;
                }
            }
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        return threads;
    }

    [Fact]
    public void A_thousand_files_are_told_apart()
    {
        const int Count = 1000;
        ConcurrentDictionary<string, Trespass> heard = new();
        List<IDisposable> open = [];
        for (int number = 0; number < Count; number++)
        {
            File.WriteAllBytes(Folder.File($"many.{number}"), new byte[4096]);
            DirectFile file = DirectFile.Open(Folder.File($"many.{number}"), Options);
            file.Trespassed += (_, told) => heard.TryAdd(told.Path, told);
            open.Add(file);
        }

        int changed = Count - 1; // one is left alone
        Assert.Equal(0, ChildProcess.Run(WitnessCases.ChangeMany, Folder.File("many."), $"{changed}").ExitCode);

        Soon.Until(() => heard.Count == changed, "each is told");
        Assert.All(heard, one => Assert.Equal((one.Key, TrespassOrigin.OtherProcess), (one.Value.Path, one.Value.Origin)));
        Assert.False(heard.ContainsKey(Folder.File($"many.{changed}")));
        open.ForEach(static file => file.Dispose());
    }

    [Fact]
    public void A_child_that_shares_a_descriptor_is_somebody_else()
    {
        string library = Folder.File("libfork.so");
        File.WriteAllText(Folder.File("fork.c"), """
            #include <unistd.h>
            #include <sys/wait.h>
            int write_in_child(int fd)
            {
                int status = -1;
                pid_t child = fork();
                if (child == 0)
                    _exit(pwrite(fd, "x", 1, 0) == 1 ? 0 : 1);
                waitpid(child, &status, 0);
                return status;
            }
            """);
        CCompiler.Compile(CCompiler.Own, [Folder.File("fork.c")], library, "-shared", "-fPIC");
        nint loaded = NativeLibrary.Load(library);
        using DirectFile file = Create();
        using MappedRegion region = file.Map();
        ConcurrentQueue<Trespass> heard = new();
        region.Trespassed += (_, told) => heard.Enqueue(told);
        using SafeFileHandle handle = File.OpenHandle(file.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);

        int status;
        unsafe
        {
            // Alive: the library is never unloaded.
            status = ((delegate* unmanaged<int, int>)NativeLibrary.GetExport(loaded, "write_in_child"))((int)handle.DangerousGetHandle());
        }

        Assert.Equal(0, status);
        Soon.Until(() => !heard.IsEmpty, "the change is told");
        Assert.Equal(TrespassOrigin.OtherProcess, Assert.Single(heard).Origin);
    }

    [Fact]
    public void A_lost_instance_is_said_and_replaced() => PassesInChild(WitnessCases.LoseInstance);

    [Fact]
    public void A_full_queue_of_inotify_is_said_and_what_was_lost_is_looked_for() => PassesInChild(WitnessCases.OverflowInotify);

    [Fact]
    public void With_inotify_what_happens_within_an_operation_is_found_by_the_length() =>
        PassesInChild(WitnessCases.DoubtWithInotify, 128 << 10);

    [Fact]
    public void Thread_and_descriptors_come_and_go_with_what_is_watched() => PassesInChild(WitnessCases.ComeAndGo);

    private void PassesInChild(Func<string[], int> body, long length = 64 << 10)
    {
        using (Create(length))
        {
            // For the child.
        }

        ChildProcess.Result result = ChildProcess.Run(body, Folder.File("file.pmem"));
        Assert.True(result.ExitCode == 0, result.ToString());
    }
}
