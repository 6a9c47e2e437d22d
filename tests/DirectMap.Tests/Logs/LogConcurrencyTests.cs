using System.Collections.Concurrent;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>
/// Many callers at once, beside Detach, Attach and Dispose: each is told what the docs promise, and nothing acknowledged is lost.
/// </summary>
public sealed class LogConcurrencyTests : LossTest
{
    private const int Length = 8 << 20;

    /// <summary>
    /// Appends of threads may be told that the log is detached, and nothing else; asynchronous ones wait. Whatever was acknowledged is
    /// there, once and in the order of its numbers.
    /// </summary>
    [Theory]
    [InlineData(PersistGranularity.CacheLine)]
    [InlineData(PersistGranularity.Page)]
    public async Task Beside_Detach_and_Attach_nobody_is_told_anything_but_that_and_nothing_is_lost(PersistGranularity granularity)
    {
        using MappedRegion region = Map(granularity);
        using PersistentLog log = PersistentLog.Create(region);
        Crowd crowd = new(log);
        Task[] callers =
        [
            .. Enumerable.Range(0, 3).Select(_ => crowd.Start(() => crowd.Append(value => log.Append(BitConverter.GetBytes(value))))),
            crowd.Start(() => crowd.Append(value => log.AppendBatch([BitConverter.GetBytes(-1), BitConverter.GetBytes(value)]))),
            .. Enumerable.Range(0, 4).Select(_ => Task.Run(crowd.AppendAsync)),
            crowd.Start(() => Crowd.Tolerate(() => log.Trim(log.FirstSequence))),
            crowd.Start(() => Crowd.Tolerate(() => _ = log.Read().MoveNext())),
        ];
        for (int round = 0; round < 150; round++)
        {
            long until = log.DurableSequence + 5;
            Soon.Until(() => log.DurableSequence >= until || callers.Any(caller => caller.IsCompleted), "appends go on");
            log.Detach();
            Assert.Equal(log.LastSequence, log.DurableSequence);
            log.Attach(region);
        }

        crowd.Stop();
        await Task.WhenAll(callers).Within();
        Dictionary<long, int> there = [];
        foreach (PersistentLogEntry entry in log.Read())
        {
            there.Add(entry.Sequence, BitConverter.ToInt32(entry.Bytes.Span));
        }

        Assert.All(crowd.Acknowledged, one => Assert.Equal(one.Value, there[one.Key]));
        Assert.Equal(crowd.Acknowledged.Count, crowd.Acknowledged.Values.Distinct().Count());
    }

    /// <summary>
    /// Whoever is caught by Dispose gets an ObjectDisposedException, and no other one; what was acknowledged before is there.
    /// </summary>
    [Theory]
    [InlineData(PersistGranularity.CacheLine)]
    [InlineData(PersistGranularity.Page)]
    public async Task Beside_Dispose_every_call_says_that_the_log_was_disposed(PersistGranularity granularity)
    {
        using MappedRegion region = Map(granularity);
        for (int round = 0; round < 40; round++)
        {
            PersistentLog log = PersistentLog.Create(region);
            long last = 0;
            Action[] calls =
            [
                () => Note(log.Append([1])),
                () => Note(log.Append([2])),
                () => Note(log.AppendBatch([new byte[3], new byte[4]])),
                () => log.Trim(1),
                () => _ = log.Read().MoveNext(),
                () => Note(log.AppendAsync(new byte[5]).AsTask().GetAwaiter().GetResult()),
            ];
            using Barrier begun = new(calls.Length + 1);
            Task[] callers =
            [
                .. calls.Select(call => Task.Factory.StartNew(
                    () =>
                    {
                        call();
                        begun.SignalAndWait();
                        while (true)
                        {
                            call();
                        }
                    },
                    CancellationToken.None,
                    TaskCreationOptions.LongRunning,
                    TaskScheduler.Default)),
            ];
            begun.SignalAndWait();
            log.Dispose();

            foreach (Task caller in callers)
            {
                await Assert.ThrowsAsync<ObjectDisposedException>(() => caller.Within());
            }

            using PersistentLog opened = PersistentLog.Open(region);
            Assert.Equal(PersistentLogStop.End, opened.Recovery.StoppedAt);
            Assert.True(opened.LastSequence >= last, $"{last} was acknowledged, and the last one is {opened.LastSequence}");

            void Note(long sequence)
            {
                for (long was = Volatile.Read(ref last); was < sequence;)
                {
                    long now = Interlocked.CompareExchange(ref last, sequence, was);
                    was = now == was ? sequence : now;
                }
            }
        }
    }

    /// <summary>Interrupts hit whoever waits for the leader; nobody loses a record that was acknowledged, and the queue goes on.</summary>
    [Fact]
    public async Task Threads_that_are_interrupted_while_they_append_keep_nobody_waiting()
    {
        using MappedRegion region = Map(PersistGranularity.Page);
        using PersistentLog log = PersistentLog.Create(region);
        int done = 0;
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(Append))];
        Array.ForEach(threads, thread => thread.Start());
        Thread interrupter = new(() =>
        {
            while (Volatile.Read(ref done) < threads.Length)
            {
                Array.ForEach(threads, thread => thread.Interrupt());
                Thread.Yield();
            }
        });
        interrupter.Start();

        await Task.Run(() => Array.ForEach(threads, thread => thread.Join())).Within();
        interrupter.Join();
        long last = log.LastSequence;
        Assert.Equal(last + 1, log.Append([1]));

        void Append()
        {
            for (int i = 0; i < 200; i++)
            {
                try
                {
                    log.Append(BitConverter.GetBytes(i));
                }
                catch (ThreadInterruptedException)
                {
                }
            }

            Interlocked.Increment(ref done);
        }
    }

    private MappedRegion Map(PersistGranularity granularity)
    {
        DirectFile file = Create(Length);
        Keep(file);
        return file.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = granularity });
    }

    /// <summary>Callers that append numbers until they are told to stop, or the log gets full; and what they were acknowledged.</summary>
    private sealed class Crowd(PersistentLog log)
    {
        private volatile bool _isStopped;
        private int _value;

        internal ConcurrentDictionary<long, int> Acknowledged { get; } = [];

        private bool GoesOn => !_isStopped && log.FreeBytes > Length / 8;

        internal void Stop() => _isStopped = true;

        internal Task Start(Action once)
        {
            return Task.Factory.StartNew(Loop, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

            void Loop()
            {
                while (GoesOn)
                {
                    once();
                }
            }
        }

        internal void Append(Func<int, long> append) => Tolerate(() =>
        {
            int value = Interlocked.Increment(ref _value);
            Acknowledged.TryAdd(append(value), value);
        });

        internal async Task AppendAsync()
        {
            while (GoesOn)
            {
                int value = Interlocked.Increment(ref _value);
                Acknowledged.TryAdd(await log.AppendAsync(BitConverter.GetBytes(value)), value);
            }
        }

        internal static void Tolerate(Action action)
        {
            try
            {
                action();
            }
            catch (PersistentLogException told) when (told.Error == PersistentLogError.Detached)
            {
            }
        }
    }
}
