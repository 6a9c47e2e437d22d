using DirectMap.Logs;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>What is reported durable, and to whom records are shown, while persists are under way or fail.</summary>
public sealed class LogDurabilityTests
{
    private readonly CrashMemory _memory = new(new ulong[(LogHeader.AreaOffset + 4096) / sizeof(ulong)]);

    [Fact]
    public async Task A_record_that_is_not_durable_is_shown_only_to_who_asks_for_it()
    {
        LogEngine<RecordedMemory> log = LogEngine<RecordedMemory>.Create(_memory.Log, 64, isRing: false);
        TaskCompletionSource go = new();
        Park(go);
        Task<long> append = log.AppendAsync(new byte[] { 1, 2, 3 }, default).AsTask();
        LogCursor usual = new(), asking = new();
        log.Seek(usual, 1);
        log.Seek(asking, 1);

        await _memory.PersistBegun.Task.Within();
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
    public async Task Who_comes_while_a_persist_is_under_way_is_stored_together_with_the_others_and_may_give_up_until_then()
    {
        LogEngine<RecordedMemory> log = LogEngine<RecordedMemory>.Create(_memory.Log, 8, isRing: false);
        TaskCompletionSource go = new();
        Park(go);
        Task<long> first = log.AppendAsync(new byte[] { 1 }, default).AsTask();
        await _memory.PersistBegun.Task.Within();
        using CancellationTokenSource cancellation = new();
        Task<long> given = log.AppendAsync(new byte[] { 2 }, cancellation.Token).AsTask();
        Task<long>[] others = [.. Enumerable.Range(3, 5).Select(i => log.AppendAsync(new byte[] { (byte)i }, cancellation.Token).AsTask())];
        await cancellation.CancelAsync();
        foreach (Task<long> one in others.Append(given))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one.Within());
        }

        Task<long>[] together = [.. Enumerable.Range(10, 5).Select(i => log.AppendAsync(new byte[] { (byte)i }, default).AsTask())];
        int persists = Fences();

        go.SetResult();
        Assert.Equal(1, await first.Within());
        long[] numbers = await Task.WhenAll(together).Within();
        Assert.Equal([2, 3, 4, 5, 6], numbers);
        Assert.Equal(persists + 2, Fences());
        Assert.Equal(6, log.DurableSequence);
        CrashStates states = new(_memory, seed: 1);
        while (states.Step())
        {
        }

        Assert.Equal(6, LogEngine<RecordedMemory>.Open(new CrashMemory(Assert.Single(states.Here(100))).Log).LastSequence);
    }

    /// <summary>Closing waits for the leader, refuses those who wait, and finds nothing to search at the next opening.</summary>
    [Fact]
    public async Task Closing_finishes_what_is_under_way_and_refuses_who_waits()
    {
        LogEngine<RecordedMemory> log = LogEngine<RecordedMemory>.Create(_memory.Log, 64, isRing: false);
        TaskCompletionSource go = new();
        Park(go);
        Task<long> append = log.AppendAsync(new byte[] { 1, 2, 3 }, default).AsTask();
        await _memory.PersistBegun.Task.Within();
        Task<long> waiting = log.AppendAsync(new byte[] { 4 }, default).AsTask();
        Task close = Task.Factory.StartNew(log.Close, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        go.SetResult();
        await close.Within();
        Assert.Equal(1, await append.Within());
        PersistentLogException refused = await Assert.ThrowsAsync<PersistentLogException>(() => waiting.Within());
        Assert.Equal(PersistentLogError.Detached, refused.Error);
        Assert.Equal(PersistentLogError.Detached, Assert.Throws<PersistentLogException>(() => log.Append([])).Error);
        Assert.Equal((1, 1), (log.DurableSequence, log.LastSequence));
        log.Close();
        LogHeader header = LogPlace.Look(_memory.Log).Header!;
        Assert.Equal((true, 2, 64), (header.IsClosed, header.LifeStart, header.Bound));
    }

    [Fact]
    public async Task When_a_persist_fails_neither_its_record_nor_a_later_one_is_reported_durable()
    {
        LogEngine<RecordedMemory> log = LogEngine<RecordedMemory>.Create(_memory.Log, 64, isRing: false);
        log.Append([1]);
        TaskCompletionSource go = new();
        Park(go);
        Task<long> first = log.AppendAsync(new byte[] { 2 }, default).AsTask();
        go.SetException(new IOException("the first one"));
        await Assert.ThrowsAsync<IOException>(() => first);

        Assert.Equal("the first one", log.Failure!.Message);
        Assert.Equal(PersistentLogError.Failed, Assert.Throws<PersistentLogException>(() => log.Append([3])).Error);
        Assert.Equal(PersistentLogError.Failed, Assert.Throws<PersistentLogException>(log.Close).Error);
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
        log.AppendBatch([new byte[100], new byte[100]]);
        _memory.Content[((int)LogHeader.AreaOffset / sizeof(ulong)) + 5] = 1;

        LogEngine<RecordedMemory> opened = LogEngine<RecordedMemory>.Open(new CrashMemory(_memory.Content).Log);

        Assert.Equal((0, PersistentLogStop.TornRecord), (opened.LastSequence, opened.Recovery.StoppedAt));
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
            Assert.Equal(PersistentLogError.Failed, Assert.Throws<PersistentLogException>(() => script.Log.Append([1])).Error);
            Assert.Equal(
                PersistentLogError.Failed, Assert.Throws<PersistentLogException>(
                    () => script.Log.Trim(script.Log.DurableSequence + 1)).Error);
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

    private int Fences() => _memory.Events.Count(one => one.Kind == MemoryEvent.What.Fence);

    private void Park(TaskCompletionSource go)
    {
        _memory.PersistBegun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _memory.Parked = go.Task;
    }
}
