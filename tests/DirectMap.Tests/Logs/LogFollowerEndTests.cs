using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>What ends a wait before what it waits for is there, on the Linux backing.</summary>
public sealed class LogFollowerEndTestsOnLinux() : LogFollowerEndTests(FileBackingKind.Linux);

/// <summary>The same on the portable backing.</summary>
public sealed class LogFollowerEndTestsPortably() : LogFollowerEndTests(FileBackingKind.Portable);

/// <summary>What ends a wait before what it waits for is there: at once, and for everybody.</summary>
public abstract class LogFollowerEndTests : LogFollowerTest
{
    internal LogFollowerEndTests(FileBackingKind backing)
        : base(backing)
    {
    }

    [Fact]
    public async Task Cancellation_ends_every_kind_of_wait()
    {
        Write();
        PersistentLogFollower follower = Follow();
        PersistentLogWriter writer = follower.Writer;
        Func<CancellationToken, Task>[] kinds =
        [
            token => Task.Run(() => follower.WaitForRecord(1, Timeout.InfiniteTimeSpan, token), CancellationToken.None),
            token => follower.WaitForWriterAsync(writer, token),
            token => follower.FollowAsync(null, token).GetAsyncEnumerator(CancellationToken.None).MoveNextAsync().AsTask(),
            token => follower.FollowAsync(null, CancellationToken.None).GetAsyncEnumerator(token).MoveNextAsync().AsTask(),
            token => follower.FollowAsync(null, new CancellationTokenSource().Token).GetAsyncEnumerator(token).MoveNextAsync().AsTask(),
        ];
        foreach (Func<CancellationToken, Task> kind in kinds)
        {
            for (int delay = 0; delay < 3; delay++)
            {
                using CancellationTokenSource source = new();
                if (delay == 0)
                {
                    await source.CancelAsync();
                }

                Task wait = kind(source.Token);
                _ = SpinWait.SpinUntil(() => wait.IsCompleted, delay * 50); // The second one is beyond the first looks.
                Assert.True(delay == 0 || !wait.IsCompleted);
                await source.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.Within());
            }
        }
    }

    [Fact]
    public async Task After_a_cancelled_wait_an_enumerator_loses_nothing()
    {
        PersistentLog log = Write();
        Append(log, 1);
        PersistentLogFollower follower = Follow();
        for (int round = 0; round < 50; round++)
        {
            using CancellationTokenSource source = new();
            IAsyncEnumerator<PersistentLogEntry> records = follower.FollowAsync(log.LastSequence + 1).GetAsyncEnumerator(source.Token);
            Task<bool> move = records.MoveNextAsync().AsTask();
            long expected = log.LastSequence + 1;
            Task cancel = Task.Run(source.Cancel);
            Append(log, 1);
            await cancel;
            try
            {
                Assert.True(await move.Within());
                Assert.Equal(expected, records.Current.Sequence);
            }
            catch (OperationCanceledException)
            {
                // It may have been earlier.
            }

            await records.DisposeAsync();
        }
    }

    [Fact]
    public async Task Disposal_ends_every_kind_of_wait()
    {
        Write();
        for (int round = 0; round < 10; round++)
        {
            PersistentLogFollower follower = Follow();
            PersistentLogWriter writer = follower.Writer;
            Task[] waits =
            [
                Task.Run(() => follower.WaitForRecord(1, Timeout.InfiniteTimeSpan)),
                follower.WaitForWriterAsync(writer),
                follower.FollowAsync().GetAsyncEnumerator().MoveNextAsync().AsTask(),
            ];
            _ = SpinWait.SpinUntil(() => waits.Any(wait => wait.IsCompleted), round * 10);

            follower.Dispose();

            foreach (Task wait in waits)
            {
                await Assert.ThrowsAsync<ObjectDisposedException>(() => wait.Within());
            }
        }
    }

    [Fact]
    public async Task Disposal_beside_those_who_begin_to_wait_leaves_nobody_waiting()
    {
        Append(Write(), 1);
        for (int round = 0; round < 100; round++)
        {
            PersistentLogFollower follower = Follow();
            using Barrier barrier = new(3);
            Task[] waits =
            [
                Task.Run(() =>
                {
                    barrier.SignalAndWait();
                    follower.WaitForRecord(2, Timeout.InfiniteTimeSpan);
                }),
                Task.Run(async () =>
                {
                    barrier.SignalAndWait();
                    await foreach (PersistentLogEntry entry in follower.FollowAsync(2))
                    {
                        Assert.Fail($"{entry}");
                    }
                }),
            ];
            barrier.SignalAndWait();
            Thread.SpinWait(round * 50);

            follower.Dispose();

            foreach (Task wait in waits)
            {
                await Assert.ThrowsAsync<ObjectDisposedException>(() => wait.Within());
            }
        }
    }

    [Fact]
    public async Task A_log_that_is_made_over_it_ends_the_waits()
    {
        PersistentLog log = Write();
        PersistentLogFollower follower = Follow();
        Task wait = Task.Run(() => follower.WaitForRecord(1, Timeout.InfiniteTimeSpan)),
            follow = follower.FollowAsync().GetAsyncEnumerator().MoveNextAsync().AsTask();
        log.Dispose();

        PersistentLog.Create(Writable).Dispose();

        Assert.Equal(PersistentLogError.Replaced, (await Assert.ThrowsAsync<PersistentLogException>(() => wait.Within())).Error);
        Assert.Equal(PersistentLogError.Replaced, (await Assert.ThrowsAsync<PersistentLogException>(() => follow.Within())).Error);
    }

    /// <summary>Somebody wants the file, and nobody lets go; or the region is disposed while others wait on it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_the_region_goes_those_who_wait_are_told(bool isRevoked)
    {
        PersistentLog log = Write();
        MappedRegion region = MapForReading();
        PersistentLogFollower follower = Follow(region);
        Task wait = Task.Run(() => follower.WaitForRecord(1, Timeout.InfiniteTimeSpan)),
            follow = follower.FollowAsync().GetAsyncEnumerator().MoveNextAsync().AsTask();
        Assert.False(SpinWait.SpinUntil(() => wait.IsCompleted || follow.IsCompleted, 100)); // beyond the first looks
        if (isRevoked)
        {
            log.Dispose();
            using DirectFile other = Open();
            Task write = Task.Run(() => other.Write(new byte[1], 60 << 10));
            Soon.Until(() => region.Lease!.CurrentBreak is not null, "the break begins");
            PassDeadline();
            await write.Within();
        }
        else
        {
            region.Dispose();
        }

        foreach (Task one in new[] { wait, follow })
        {
            Exception told = await Assert.ThrowsAnyAsync<Exception>(() => one.Within());
            Assert.True(isRevoked ? told is MappingFaultException : told is ObjectDisposedException, $"{told}");
        }
    }
}
