using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using DirectMap.Logs;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>Waiting for records and for the writer, on the Linux backing.</summary>
public sealed class LogFollowerWaitTestsOnLinux() : LogFollowerWaitTests(FileBackingKind.Linux);

/// <summary>The same on the portable backing.</summary>
public sealed class LogFollowerWaitTestsPortably() : LogFollowerWaitTests(FileBackingKind.Portable);

/// <summary>Waiting for records and for the writer: what ends a wait, and that nothing is slept through.</summary>
public abstract class LogFollowerWaitTests : LogFollowerTest
{
    internal LogFollowerWaitTests(FileBackingKind backing)
        : base(backing)
    {
    }

    [Fact]
    public async Task Records_are_followed_as_they_come()
    {
        PersistentLog log = Write();
        Append(log, 2);
        List<long> seen = [];
        PersistentLogFollower follower = Follow();
        TaskCompletionSource third = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task following = Task.Run(async () =>
        {
            await foreach (PersistentLogEntry entry in follower.FollowAsync())
            {
                Assert.Equal(Record(entry.Sequence), entry.Bytes.ToArray());
                seen.Add(entry.Sequence);
                if (entry.Sequence == 2)
                {
                    third.SetResult();
                }

                if (entry.Sequence == 5)
                {
                    return;
                }
            }
        });
        await third.Task.Within();

        Append(log, 1);
        log.AppendBatch([Record(4), Record(5)]);
        await following.Within();

        Assert.Equal([1, 2, 3, 4, 5], seen);
    }

    [Fact]
    public async Task Following_begins_where_it_is_told_to()
    {
        PersistentLog log = Write();
        Append(log, 3);
        await using IAsyncEnumerator<PersistentLogEntry> next = Follow().FollowAsync(4).GetAsyncEnumerator();
        ValueTask<bool> move = next.MoveNextAsync();
        Assert.False(move.IsCompleted);

        Append(log, 1);

        Assert.True(await move.AsTask().Within());
        Assert.Equal(4, next.Current.Sequence);
    }

    /// <summary>Each waits for the other: a wake that is lost costs a bound of a quarter of a second.</summary>
    [Theory]
    [InlineData(false, 3000)]
    [InlineData(true, 1500)]
    public async Task No_wake_is_lost_when_two_logs_answer_each_other(bool isAsync, int rounds)
    {
        PersistentLogOptions first =
            new() { Range = new FileRange(0, 32 << 10), IsRing = true }, second = first with { Range = new FileRange(32 << 10, 32 << 10) };
        PersistentLog here = Write(first), there = Write(second);
        PersistentLogFollower ofHere = Follow(first), ofThere = Follow(second);
        Task answering = Task.Run(() =>
        {
            for (int i = 1; i <= rounds; i++)
            {
                Assert.True(ofHere.WaitForRecord(i, Soon.Patience));
                there.Append(Record(i));
            }
        });
        await using IAsyncEnumerator<PersistentLogEntry> answers = ofThere.FollowAsync().GetAsyncEnumerator();
        long began = Stopwatch.GetTimestamp();
        TimeSpan longest = default;
        for (int i = 1; i <= rounds; i++)
        {
            long sent = Stopwatch.GetTimestamp();
            here.Append(Record(i));
            Assert.True(isAsync ? await answers.MoveNextAsync().AsTask().Within() : ofThere.WaitForRecord(i, Soon.Patience));
            longest = TimeSpan.FromTicks(Math.Max(longest.Ticks, Stopwatch.GetElapsedTime(sent).Ticks));
        }

        await answering.Within();
        TimeSpan average = Stopwatch.GetElapsedTime(began) / rounds;
        Assert.True(
            average < (Backing == FileBackingKind.Linux ? TimeSpan.FromMilliseconds(5) : TimeSpan.FromMilliseconds(30)),
            $"a round took {average.TotalMicroseconds} us, the longest {longest.TotalMilliseconds} ms");
    }

    [Fact]
    public void A_record_that_is_there_is_not_waited_for_and_one_that_does_not_come_is_no_longer_than_told()
    {
        Append(Write(), 1);
        PersistentLogFollower follower = Follow();
        long began = Stopwatch.GetTimestamp();

        Assert.True(follower.WaitForRecord(1, TimeSpan.Zero));
        Assert.False(follower.WaitForRecord(2, TimeSpan.Zero));
        Assert.False(follower.WaitForRecord(2, TimeSpan.FromMilliseconds(40)));

        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.FromMilliseconds(39), Soon.Patience);
        Assert.Throws<ArgumentOutOfRangeException>(() => follower.WaitForRecord(2, TimeSpan.FromTicks(-1)));
    }

    [Fact]
    public async Task That_the_writer_closes_and_opens_is_told_to_who_waits_for_it()
    {
        PersistentLog log = Write();
        PersistentLogFollower follower = Follow();
        PersistentLogWriter first = follower.Writer;
        Task<PersistentLogWriter> wait = follower.WaitForWriterAsync(first);
        Assert.False(wait.IsCompleted);

        log.Dispose();
        Assert.Equal(default, await wait.Within());

        wait = follower.WaitForWriterAsync(default);
        Write();
        PersistentLogWriter second = await wait.Within();
        Assert.Equal(PersistentLogWriterState.Running, second.State);
        Assert.NotEqual(first.Instance, second.Instance);
        Assert.Equal(second, await follower.WaitForWriterAsync(first).Within());
    }

    [Fact]
    public async Task Who_is_overtaken_while_following_is_told_and_goes_on()
    {
        PersistentLog log = Write(Ring);
        Append(log, 1);
        await using IAsyncEnumerator<PersistentLogEntry> records = Follow(Ring).FollowAsync().GetAsyncEnumerator();
        Assert.True(await records.MoveNextAsync());
        Append(log, 200);

        PersistentLogException overtaken =
            await Assert.ThrowsAsync<PersistentLogException>(() => records.MoveNextAsync().AsTask().Within());

        Assert.Equal((PersistentLogError.Overtaken, log.FirstSequence - 2), (overtaken.Error, overtaken.Missed));
        Assert.True(await records.MoveNextAsync().AsTask().Within());
        Assert.Equal(log.FirstSequence, records.Current.Sequence);
    }

    [Fact]
    public async Task Eight_followers_see_all_records()
    {
        const int Count = 2000;
        PersistentLog log = Write();
        ConcurrentBag<long> sums = [];
        Task[] following = [.. Enumerable.Range(0, 8).Select(_ => Follow()).Select(follower => Task.Run(async () =>
        {
            long next = 1;
            await foreach (PersistentLogEntry entry in follower.FollowAsync())
            {
                Assert.Equal(next++, entry.Sequence);
                Assert.Equal(Record(entry.Sequence), entry.Bytes.ToArray());
                if (entry.Sequence == Count / 4)
                {
                    sums.Add(entry.Sequence);
                    return;
                }
            }
        }))];

        Append(log, Count / 4);
        await Task.WhenAll(following).Within();

        Assert.Equal(8, sums.Count);
    }

    /// <summary>In a process of its own, since it keeps all pool threads busy.</summary>
    [Fact]
    public void A_starved_pool_keeps_nobody_who_waits_in_a_thread_of_his_own()
    {
        ChildProcess.Result result = ChildProcess.Run(FollowCases.WaitWhilePoolIsStarved, Folder.File("starved.log"), $"{Backing}");

        Assert.True(result.ExitCode == 0 && result.Output == "woken, followed\n", $"{result}");
    }

    /// <summary>The thread goes when nobody waits any more, and the writer makes no call for nobody.</summary>
    [Fact]
    public void A_follower_that_was_disposed_is_not_woken_any_more()
    {
        Append(Write(), 1);
        PersistentLogFollower follower = Follow();
        Assert.False(follower.WaitForRecord(2, TimeSpan.FromMilliseconds(1)));
        Assert.True(HasListener());

        follower.Dispose();

        Assert.False(HasListener());
    }

    /// <summary>
    /// In a process of its own, since the runtime counts for all threads together. Code that is not optimized makes an object of each state
    /// of an asynchronous method.
    /// </summary>
    [Fact]
    public void Following_allocates_hardly_anything_for_a_record()
    {
        int most =
            typeof(PersistentLogFollower).Assembly.GetCustomAttribute<DebuggableAttribute>()?.IsJITOptimizerDisabled == true ? 1_000 : 400;
        ChildProcess.Result result = ChildProcess.Run(FollowCases.CountAllocations, Folder.File("counted.log"), $"{Backing}");

        Assert.True(result.ExitCode == 0 && int.TryParse(result.Output, out int bytes) && bytes >= 0 && bytes <= most, $"{result}");
    }

    private bool HasListener() =>
        Writable.Core.InodeForTests.Listeners.Any(LogProgress.BeatOffset);
}
