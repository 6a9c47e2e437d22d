using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Children;

/// <summary>Other processes that follow a log, or append to one that is followed.</summary>
internal static class FollowCases
{
    /// <summary>
    /// Opens the log at each line that it is told, and appends: "open", a number of records, "close", "create"; prints the last number.
    /// Arguments: path, granularity. A record is its number.
    /// </summary>
    internal static int Write(string[] arguments)
    {
        using DirectFile file = DirectFile.Open(arguments[0]);
        using MappedRegion region = file.Map(LogCases.Options(arguments[1]));
        PersistentLog? log = null;
        while (Console.ReadLine() is { } line)
        {
            switch (line)
            {
                case "open":
                    log = PersistentLog.Open(region);
                    break;
                case "create":
                    log = PersistentLog.Create(region);
                    break;
                case "close":
                    log!.Dispose();
                    break;
                default:
                    for (int i = int.Parse(line, null); i > 0; i--)
                    {
                        log!.Append(BitConverter.GetBytes(log.LastSequence + 1));
                    }

                    break;
            }

            Console.WriteLine(log!.LastSequence);
        }

        return 0;
    }

    /// <summary>
    /// Follows a log that is opened for reading, until a number, and prints how many records were not their number's. Arguments: path,
    /// the number.
    /// </summary>
    internal static int Follow(string[] arguments)
    {
        long last = long.Parse(arguments[1], null);
        using DirectFile file = DirectFile.Open(arguments[0], new DirectFileOptions { Access = FileAccess.Read });
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        using PersistentLogFollower follower = PersistentLogFollower.Open(region);
        Console.WriteLine("follows");
        Console.WriteLine(FollowAsync().GetAwaiter().GetResult());
        return 0;

        async Task<int> FollowAsync()
        {
            long next = 1;
            int wrong = 0;
            await foreach (PersistentLogEntry entry in follower.FollowAsync())
            {
                wrong += entry.Sequence == next++ && BitConverter.ToInt64(entry.Bytes.Span) == entry.Sequence ? 0 : 1;
                if (entry.Sequence == last)
                {
                    break;
                }
            }

            return wrong;
        }
    }

    /// <summary>Arguments: path of a file that is made, backing.</summary>
    internal static int WaitWhilePoolIsStarved(string[] arguments)
    {
        ThreadPool.SetMaxThreads(4, 4);
        DirectFileOptions options = new() { Backing = Enum.Parse<FileBackingKind>(arguments[1]) };
        using DirectFile file = DirectFile.Create(arguments[0], 64 << 10, options);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated), reading = file.Map(MapOptions.DirectOrEmulated);
        using PersistentLog log = PersistentLog.Create(region);
        using PersistentLogFollower follower = PersistentLogFollower.Open(reading);
        using ManualResetEventSlim busy = new();
        Task<bool> follow = follower.FollowAsync().GetAsyncEnumerator().MoveNextAsync().AsTask();
        Task[] hogs = [.. Enumerable.Range(0, 16).Select(_ => Task.Run(busy.Wait))];
        string result = "not woken";
        Thread waiting = new(() => result = follower.WaitForRecord(1, Soon.Patience) ? "woken" : "timed out");
        waiting.Start();
        log.Append([1]);
        bool ended = waiting.Join(Soon.Patience);
        busy.Set();
        Task.WaitAll(hogs);
        Console.WriteLine($"{(ended ? result : "still waiting")}, {(follow.Wait(Soon.Patience) ? "followed" : "not followed")}");
        return 0;
    }

    /// <summary>
    /// Prints how many bytes are allocated for each record that is waited for, all threads together. Arguments: path of a file that is
    /// made, backing.
    /// </summary>
    internal static int CountAllocations(string[] arguments)
    {
        const int Records = 500;
        DirectFileOptions options = new() { Backing = Enum.Parse<FileBackingKind>(arguments[1]) };
        using DirectFile file = DirectFile.Create(arguments[0], 1 << 20, options);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated), reading = file.Map(MapOptions.DirectOrEmulated);
        using PersistentLog log = PersistentLog.Create(region);
        using PersistentLogFollower follower = PersistentLogFollower.Open(reading);
        using SemaphoreSlim seen = new(0);
        using CancellationTokenSource end = new();
        Task following = FollowAsync();
        Append(Records);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        Append(Records);
        Console.WriteLine((GC.GetTotalAllocatedBytes(precise: true) - before) / Records);
        end.Cancel();
        return 0;

        void Append(int count)
        {
            for (int i = 0; i < count; i++)
            {
                log.Append([1, 2, 3]);
                seen.Wait();
            }
        }

        async Task FollowAsync()
        {
            await foreach (PersistentLogEntry entry in follower.FollowAsync(null, end.Token))
            {
                seen.Release();
            }
        }
    }
}
