using System.Collections.Concurrent;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>
/// An interrupt is no failure of the memory. Each appender is interrupted before each call, and the library keeps an interrupt for whatever
/// the thread waits for next: so it hits every contended lock and every wait that the call comes to, and is there still when it returns.
/// </summary>
public sealed class LogInterruptTests : LossTest
{
    private const int Threads = 6;
    private const int Rounds = 150;

    [Theory]
    [InlineData(PersistGranularity.CacheLine)]
    [InlineData(PersistGranularity.Page)]
    public async Task Whoever_is_interrupted_at_every_lock_and_wait_makes_no_log_fail_and_loses_nothing(PersistGranularity granularity)
    {
        using DirectFile file = Create(8 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = granularity });
        ConcurrentDictionary<long, int> acknowledged = [];
        using (PersistentLog log = PersistentLog.Create(region))
        {
            int done = 0;
            Task[] appenders = [.. Enumerable.Range(0, Threads).Select(thread => OnThread(() => Append(thread)))];
            Task persists = OnThread(() =>
            {
                while (Volatile.Read(ref done) < Threads)
                {
                    region.Persist(0, region.Length / 2); // Appends wait for it, and it for them.
                }
            });
            await Task.WhenAll([.. appenders, persists]).Within();

            Assert.Equal(log.LastSequence, log.DurableSequence);
            Assert.Equal(log.LastSequence + 1, log.Append([1])); // It has not failed.

            void Append(int thread)
            {
                try
                {
                    for (int i = 0; i < Rounds; i++)
                    {
                        int value = (Rounds * thread) + i;
                        byte[] record = BitConverter.GetBytes(value);
                        Thread.CurrentThread.Interrupt();
                        long sequence = i % 5 == 0 ? log.AppendBatch([record, BitConverter.GetBytes(-1)]) - 1 : log.Append(record);
                        Assert.True(WasInterrupted(), "the interrupt is lost");
                        Assert.True(acknowledged.TryAdd(sequence, value));
                    }
                }
                finally
                {
                    Interlocked.Increment(ref done);
                }
            }
        }

        using PersistentLog opened = PersistentLog.Open(region);
        Dictionary<long, int> there = [];
        foreach (PersistentLogEntry entry in opened.Read())
        {
            there.Add(entry.Sequence, BitConverter.ToInt32([.. entry.Bytes.Span, 0, 0, 0], 0));
        }

        Assert.Equal(Threads * Rounds, acknowledged.Count);
        Assert.All(acknowledged, one => Assert.Equal(one.Value, there[one.Key]));
    }

    private static Task OnThread(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Takes the interrupt that the thread has not met yet.</summary>
    private static bool WasInterrupted()
    {
        object gate = new();
        lock (gate)
        {
            try
            {
                Monitor.Wait(gate, TimeSpan.FromMilliseconds(1));
                return false;
            }
            catch (ThreadInterruptedException)
            {
                return true;
            }
        }
    }
}
