using DirectMap.Logs;

namespace DirectMap.Tests.Logs;

/// <summary>What is reported durable, and to whom records are shown, while persists are under way or fail.</summary>
public sealed class LogDurabilityTests
{
    private readonly CrashMemory _memory = new(new ulong[(8192 + 4096) / sizeof(ulong)]);

    [Fact]
    public async Task A_record_that_is_not_durable_is_shown_only_to_who_asks_for_it()
    {
        LogEngine<RecordedMemory> log = LogEngine<RecordedMemory>.Create(_memory.Log, 64, isRing: false);
        TaskCompletionSource go = new();
        _memory.Parked = go.Task;
        Task<long> append = log.AppendAsync(new byte[] { 1, 2, 3 }, default).AsTask();
        LogCursor usual = new(), asking = new();
        log.Seek(usual, 1);
        log.Seek(asking, 1);

        Assert.False(append.IsCompleted);
        Assert.Equal((0, 1), (log.DurableSequence, log.LastSequence));
        Assert.False(log.TryRead(usual, withUndurable: false));
        Assert.True(log.TryRead(asking, withUndurable: true));
        Assert.Equal([1, 2, 3], asking.Bytes.ToArray());

        go.SetResult();
        Assert.Equal(1, await append);
        Assert.Equal(1, log.DurableSequence);
        Assert.True(log.TryRead(usual, withUndurable: false));
    }

    [Fact]
    public async Task A_persist_makes_all_durable_that_came_before_it()
    {
        LogEngine<RecordedMemory> log = LogEngine<RecordedMemory>.Create(_memory.Log, 8, isRing: false);
        using CancellationTokenSource cancellation = new();
        _memory.Parked = new TaskCompletionSource().Task;
        Task<long> append = log.AppendAsync(new byte[] { 1, 2, 3 }, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);
        Assert.Equal((0, 1), (log.DurableSequence, log.LastSequence));
        Assert.Null(log.Failure);

        Assert.Equal(2, log.Append([4]));
        Assert.Equal(2, log.DurableSequence);
        CrashStates states = new(_memory, seed: 1);
        while (states.Step())
        {
        }

        Assert.Equal(2, LogEngine<RecordedMemory>.Open(new CrashMemory(Assert.Single(states.Here(100))).Log).LastSequence);
    }

    /// <summary>
    /// Whoever closes a log makes durable what was under way; what becomes of the tasks' own persists, over memory that is gone by
    /// then, does not matter.
    /// </summary>
    [Fact]
    public async Task What_closing_has_made_durable_is_reported_so_though_its_own_persist_fails()
    {
        LogEngine<RecordedMemory> log = LogEngine<RecordedMemory>.Create(_memory.Log, 64, isRing: false);
        TaskCompletionSource go = new();
        _memory.Parked = go.Task;
        Task<long> append = log.AppendAsync(new byte[] { 1, 2, 3 }, default).AsTask();
        log.Close();
        Assert.Equal(1, log.DurableSequence);

        go.SetException(new IOException("the memory is gone"));

        Assert.Equal(1, await append);
        Assert.Equal(LogError.Detached, Assert.Throws<PersistentLogException>(() => log.Append([])).Error);
    }

    [Fact]
    public async Task When_a_persist_fails_neither_its_record_nor_a_later_one_is_reported_durable()
    {
        LogEngine<RecordedMemory> log = LogEngine<RecordedMemory>.Create(_memory.Log, 64, isRing: false);
        log.Append([1]);
        TaskCompletionSource go = new();
        _memory.Parked = go.Task;
        Task<long> first = log.AppendAsync(new byte[] { 2 }, default).AsTask();
        go.SetException(new IOException("the first one"));
        await Assert.ThrowsAsync<IOException>(() => first);

        Assert.Equal("the first one", log.Failure!.Message);
        Assert.Equal(LogError.Failed, Assert.Throws<PersistentLogException>(() => log.Append([3])).Error);
        Assert.Equal(LogError.Failed, Assert.Throws<PersistentLogException>(log.Close).Error);
        Assert.Equal((1, 2), (log.DurableSequence, log.LastSequence));
    }

    /// <summary>
    /// Two records are under way at one time, and of the first one a word has not arrived: that the second one is whole does not mean that
    /// the first one was durable.
    /// </summary>
    [Fact]
    public void A_torn_record_before_a_whole_one_that_did_not_wait_for_it_is_no_damage()
    {
        LogEngine<RecordedMemory> log = LogEngine<RecordedMemory>.Create(_memory.Log, 64, isRing: false);
        _memory.Parked = new TaskCompletionSource().Task;
        _ = log.AppendAsync(new byte[100], default).AsTask();
        _ = log.AppendAsync(new byte[100], default).AsTask();
        _memory.Content[(8192 / sizeof(ulong)) + 5] = 1;

        LogEngine<RecordedMemory> opened = LogEngine<RecordedMemory>.Open(new CrashMemory(_memory.Content).Log);

        Assert.Equal((0, LogStop.TornRecord), (opened.LastSequence, opened.Recovery.StoppedAt));
    }

    /// <summary>Each store and each persist of a script fails once, and so do all after it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whatever_call_fails_the_log_says_so_and_is_found_with_all_that_it_reported(bool isRing)
    {
        int failures = 0;
        for (int calls = 0; ; calls++)
        {
            CrashMemory memory = new(new ulong[_memory.Content.Length], seed: calls);
            LogScript script = LogScript.Create(memory, 8, isRing, seed: 1);
            memory.CallsLeft = calls;
            Exception? failure = Record.Exception(() => script.Run(40, 200));
            if (failure is null)
            {
                break;
            }

            failures++;
            Assert.IsType<IOException>(failure);
            Assert.Same(failure, script.Log.Failure);
            int events = memory.Events.Count;
            memory.CallsLeft = int.MaxValue;
            Assert.Equal(LogError.Failed, Assert.Throws<PersistentLogException>(() => script.Log.Append([1])).Error);
            Assert.Equal(
                LogError.Failed, Assert.Throws<PersistentLogException>(() => script.Log.Trim(script.Log.DurableSequence + 1)).Error);
            Assert.Equal(events, memory.Events.Count);
            LogCrashCheck check = new(seed: calls, lives: 2);
            check.Run(script, from: Math.Max(script.Start, events - 10));
            Assert.True(check.Failure is null, $"after {calls} calls: {check.Failure}");

            // As after the end of the process: memory has all that was stored, durable or not. What is found there has to be
            // durable once it was found.
            LogScript next = LogScript.Open(memory, script.Records, script.Log.DurableSequence, seed: calls);
            next.Run(2, 60);
            LogCrashCheck second = new(seed: calls, lives: 1);
            second.Run(next, from: events);
            Assert.True(second.Failure is null, $"after {calls} calls and another opening: {second.Failure}");
        }

        Assert.True(failures > 200, $"{failures}");
    }
}
