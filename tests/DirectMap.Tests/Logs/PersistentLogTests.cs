using System.Collections.Concurrent;
using DirectMap.Backings;
using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Mapping;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>A log in a region: what its users see, and what becomes of it when the region goes.</summary>
public sealed class PersistentLogTests : LogTest
{
    [Theory]
    [InlineData(PersistGranularity.Byte)]
    [InlineData(CacheLine)]
    [InlineData(PersistGranularity.Page)]
    public async Task What_was_appended_is_read_in_its_order_and_again_after_opening(PersistGranularity granularity)
    {
        using MappedRegion region = Map(granularity, out _);
        List<byte[]> all = [];
        using (PersistentLog log = PersistentLog.OpenOrCreate(region))
        {
            Assert.Equal((1, 0, 0), (log.FirstSequence, log.DurableSequence, log.LastSequence));
            Assert.Equal(1, log.Append(Add(100)));
            Assert.Equal(3, log.AppendBatch([Add(0), Add(5000)]));
            Assert.Equal(4, await log.AppendAsync(Add(1)));
            Assert.Equal(4, log.AppendBatch([]));
            Assert.Equal(4, log.DurableSequence);
            Assert.Equal(all, ReadAll(log));
            Assert.Equal([all[3]], ReadAll(log, from: 4));
            Assert.Empty(ReadAll(log, from: 5));
        }

        using PersistentLog opened = PersistentLog.OpenOrCreate(region);
        Assert.Equal(
            (4, 1, 4, PersistentLogStop.End),
            (opened.Recovery.Count, opened.Recovery.FirstSequence, opened.Recovery.LastSequence, opened.Recovery.StoppedAt));
        Assert.Equal(all, ReadAll(opened));
        Assert.Equal(5, opened.Append(Add(7)));
        Assert.Equal(all, ReadAll(opened));

        byte[] Add(int length)
        {
            all.Add(Record(all.Count + 1, length));
            return all[^1];
        }
    }

    [Fact]
    public void A_region_may_have_several_logs()
    {
        using MappedRegion region = Map(CacheLine, out _);
        PersistentLogOptions first = new() { Range = new FileRange(0, 16 << 10) },
            second = new() { Range = new FileRange(16 << 10, 20_000), IsRing = true, RecordAlignment = 8 };
        using PersistentLog one = PersistentLog.Create(region, first), other = PersistentLog.Create(region, second);
        one.Append(Record(1, one.MaxRecordLength));
        other.Append(Record(2, other.MaxRecordLength));

        using MappedRegion left = MapCopy(region);
        using PersistentLog again = PersistentLog.Open(left, first), otherAgain = PersistentLog.Open(left, second);
        Assert.Equal([Record(1, one.MaxRecordLength)], ReadAll(again));
        Assert.Equal([Record(2, other.MaxRecordLength)], ReadAll(otherAgain));
        Assert.Equal((true, 8, 4096), (otherAgain.IsRing, otherAgain.RecordAlignment, otherAgain.Capacity));
        Assert.Equal((false, 64, 4096), (again.IsRing, again.RecordAlignment, again.Capacity));
    }

    [Fact]
    public void A_log_lies_in_its_bytes_of_the_file_whatever_the_region_maps()
    {
        using MappedRegion whole = Map(CacheLine, out DirectFile file);
        PersistentLogOptions where = new() { Range = new FileRange(8 * PageSize, 4 * PageSize) };
        using (PersistentLog log = PersistentLog.Create(whole, where))
        {
            log.Append([7]);
        }

        using MappedRegion part = file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(8 * PageSize, 4 * PageSize) });
        foreach (PersistentLogOptions options in (PersistentLogOptions[])
            [where, PersistentLogOptions.Default, new() { Range = FileRange.From(8 * PageSize) }])
        {
            using PersistentLog again = PersistentLog.Open(part, options);
            Assert.Equal([[7]], ReadAll(again));
        }

        Assert.Throws<ArgumentException>(() => PersistentLog.Open(part, new() { Range = new FileRange(0, 4 * PageSize) }));
    }

    [Fact]
    public void What_does_not_fit_the_region_is_refused()
    {
        using MappedRegion region = Map(CacheLine, out DirectFile file);
        foreach (PersistentLogOptions options in (PersistentLogOptions[])
        [
            new() { Range = FileRange.From(4) }, new() { Range = FileRange.From(region.Length) },
            new() { Range = FileRange.From(long.MaxValue - 7) }, new() { Range = new FileRange(0, 16_383) },
            new() { Range =
                new FileRange(0, region.Length + 1) }, new() { Range = new FileRange(8, region.Length) }, new() { Range = default },
            new() { RecordAlignment = 4 }, new() { RecordAlignment = 24 }, new() { RecordAlignment = 8192 },
            new() { RecordAlignment = -64 },
        ])
        {
            Assert.Throws<ArgumentException>(() => PersistentLog.Create(region, options));
        }

        using MappedRegion readOnly = file.Map(MapOptions.DirectOrEmulated with { Access = MappingAccess.Read });
        Assert.Throws<NotSupportedException>(() => PersistentLog.Open(readOnly));
        Assert.Equal(PersistentLogError.NotALog, Assert.Throws<PersistentLogException>(() => PersistentLog.Open(region)).Error);
    }

    [Fact]
    public void Where_there_is_something_else_the_message_says_where_and_what_to_do()
    {
        using MappedRegion region = Map(CacheLine, out DirectFile file);
        region.Write((8 * PageSize) + 100, 42L);
        PersistentLogOptions where = new() { Range = new FileRange(8 * PageSize, 4 * PageSize) };

        PersistentLogException foreign = Assert.Throws<PersistentLogException>(() => PersistentLog.OpenOrCreate(region, where));
        PersistentLogException none = Assert.Throws<PersistentLogException>(() => PersistentLog.Open(region, where));

        Assert.Equal((PersistentLogError.NotALog, PersistentLogError.NotALog), (foreign.Error, none.Error));
        Assert.Equal(
            $"bytes {where.Range} of '{file.Path}': there is no log, but something else (EINVAL); choose other bytes "
                + "(PersistentLogOptions.Range), or have PersistentLog.Create overwrite these",
            foreign.Message);
        Assert.Equal(
            $"bytes {where.Range} of '{file.Path}': there is no log (EINVAL); PersistentLog.Create makes one, and "
                + "PersistentLog.OpenOrCreate where nothing else is",
            none.Message);
        Assert.Equal(42, region.Read<long>((8 * PageSize) + 100));
    }

    [Theory]
    [InlineData(CacheLine)]
    [InlineData(PersistGranularity.Page)]
    public async Task Appends_of_many_threads_and_tasks_are_each_there_once(PersistGranularity granularity)
    {
        const int Each = 100;
        using MappedRegion region = Map(granularity, out _, 1 << 20);
        using PersistentLog log = PersistentLog.Create(region);
        ConcurrentDictionary<long, byte[]> numbers = new();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(async () =>
        {
            for (int i = 0; i < Each; i++)
            {
                byte[] record = Record((thread * Each) + i, 50);
                Assert.True(numbers.TryAdd(thread % 2 == 0 ? log.Append(record) : await log.AppendAsync(record), record));
            }
        })));

        Assert.Equal(4 * Each, log.DurableSequence);
        using MappedRegion left = MapCopy(region);
        using PersistentLog opened = PersistentLog.Open(left);
        Assert.Equal(Enumerable.Range(1, 4 * Each).Select(number => numbers[number]), ReadAll(opened));
    }

    [Fact]
    public void An_append_and_a_read_allocate_nothing()
    {
        using MappedRegion region = Map(CacheLine, out _, 1 << 20);
        using PersistentLog log = PersistentLog.Create(region);
        PersistentLogReader reader = log.Read();
        byte[] record = Record(1, 256);
        long allocated = 0;
        for (int i = 0; i < 500; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            log.Append(record);
            Assert.True(reader.MoveNext());
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated); // of the last one: the first ones make what they keep
    }

    [Fact]
    public void Trimming_makes_room_and_is_durable()
    {
        using MappedRegion region = Map(CacheLine, out _);
        using PersistentLog log = PersistentLog.Create(region);
        for (int i = 1; i <= 10; i++)
        {
            log.Append(Record(i, 100));
        }

        long free = log.FreeBytes;
        log.Trim(8);
        Assert.Equal(free + (7 * 128), log.FreeBytes);
        log.Trim(3); // is not there any more
        Assert.Equal(8, log.FirstSequence);
        Assert.Throws<ArgumentOutOfRangeException>(() => log.Trim(12));
        Assert.Throws<ArgumentOutOfRangeException>(() => log.Trim(0));
        Assert.Equal([Record(8, 100), Record(9, 100), Record(10, 100)], ReadAll(log));
        using MappedRegion left = MapCopy(region);
        using PersistentLog opened = PersistentLog.Open(left);
        Assert.Equal((8, 3), (opened.FirstSequence, opened.Recovery.Count));
        opened.Trim(11);
        Assert.Equal(opened.Capacity, opened.FreeBytes);

        using MappedRegion leftEmpty = MapCopy(left);
        using PersistentLog empty = PersistentLog.Open(leftEmpty);
        Assert.Equal((11, 10, 0), (empty.FirstSequence, empty.LastSequence, empty.Recovery.Count));
    }

    [Fact]
    public void After_a_revocation_nothing_is_reported_durable_and_a_fresh_region_goes_on()
    {
        MappedRegion region = Map(CacheLine, out DirectFile file);
        using PersistentLog log = PersistentLog.Create(region);
        log.Append(Record(1, 10));
        region.Core.Mapping.Invalidate(MappingLife.Revoked);

        Assert.Equal(FaultCause.Revoked, Assert.Throws<MappingFaultException>(() => log.Append(Record(2, 10))).Cause);
        Assert.Equal(1, log.DurableSequence);
        Assert.IsType<MappingFaultException>(log.Failure);
        PersistentLogException failed = Assert.Throws<PersistentLogException>(() => log.Append(Record(3, 10)));
        Assert.Equal((PersistentLogError.Failed, 5), (failed.Error, failed.HResult));
        Assert.Same(log.Failure, failed.InnerException);
        Assert.Equal(PersistentLogError.Failed, Assert.Throws<PersistentLogException>(() => log.Trim(1)).Error);
        region.Dispose();

        using MappedRegion fresh = file.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = CacheLine });
        log.Attach(fresh);
        Assert.Null(log.Failure);
        Assert.Equal(log.LastSequence + 1, log.Append(Record(4, 10)));
        Assert.Equal(Record(1, 10), ReadAll(log)[0]);
        Assert.Equal(Record(4, 10), ReadAll(log)[^1]);
    }

    [Fact]
    public async Task After_a_failed_writeback_nothing_is_reported_durable_until_it_is_acknowledged_and_the_records_are_stored_again()
    {
        using MappedRegion region = Map(PersistGranularity.Page, out DirectFile file);
        using PersistentLog log = PersistentLog.Create(region);
        log.Append(Record(1, 10));
        using InodeReference inode = LinuxBacking.Instance.Open(file.Path, FileAccess.ReadWrite, new FileBinding(Coordinator, "the test"));
        inode.Inode.EndSync(inode.Inode.Syncs.Begin(), 5);

        await Assert.ThrowsAsync<WritebackFailureException>(async () => await log.AppendAsync(Record(2, 10)));
        Assert.Equal(PersistentLogError.Failed, Assert.Throws<PersistentLogException>(() => log.Append(Record(3, 10))).Error);
        Assert.Equal(
            PersistentLogError.Failed, (await Assert.ThrowsAsync<PersistentLogException>(
                async () => await log.AppendAsync(Record(3, 10)))).Error);
        Assert.Equal(1, log.DurableSequence);
        Assert.Equal([Record(1, 10)], ReadAll(log));
        Assert.Throws<WritebackFailureException>(() => log.Attach(region));

        file.AcknowledgeWritebackFailure(file.WritebackFailure!);
        using MappedRegion fresh = file.Map(MapOptions.DirectOrEmulated);
        log.Attach(fresh);
        Assert.Equal(2, log.DurableSequence);
        Assert.Equal([Record(1, 10), Record(2, 10)], ReadAll(log));
        Assert.Equal(3, log.Append(Record(3, 10)));
    }

    /// <summary>
    /// The writer is told, finishes the record, makes it durable and lets go; the breaker writes; the writer maps anew and goes on. The
    /// producer only ever awaits.
    /// </summary>
    [Theory]
    [InlineData(CacheLine)]
    [InlineData(PersistGranularity.Page)]
    public async Task Under_a_lease_break_the_log_lets_go_at_a_records_end_and_goes_on_afterwards_without_losing_one(
        PersistGranularity granularity)
    {
        const int Count = 600, Breaks = 5;
        using DirectFile file = Create(1 << 20);
        using DirectFile other = Open();
        TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        PersistentLog? log = null;
        MapOptions options = MapOptions.DirectOrEmulated with
        {
            EmulatedGranularity = granularity,
            WhenUnavailable = WhenUnavailable.Wait,
            OnBreak = (region, _) =>
            {
                using (region)
                {
                    log!.Detach();
                }

                released.SetResult();
            },
        };
        PersistentLogOptions where = new() { Range = new FileRange(0, 512 << 10) };
        MappedRegion region = file.Map(options);
        log = PersistentLog.Create(region, where);

        Task producer = Task.Run(async () =>
        {
            for (int i = 1; i <= Count; i++)
            {
                Assert.Equal(i, await log.AppendAsync(Record(i, i % 200)));
            }
        });
        for (int i = 0; i < Breaks; i++)
        {
            Soon.Until(() => log.DurableSequence > i * Count / (2 * Breaks), "the producer goes on");
            other.Write([(byte)i], 700 << 10); // waits for the holder
            await released.Task.WaitAsync(Soon.Patience);
            Assert.False(log.IsAttached);
            Assert.Equal(log.LastSequence, log.DurableSequence);
            Assert.Equal(PersistentLogError.Detached, Assert.Throws<PersistentLogException>(() => log.Append([])).Error);
            Assert.Equal(PersistentLogError.Detached, Assert.Throws<PersistentLogException>(() => log.Read()).Error);
            released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            region = await file.MapAsync(options);
            log.Attach(region);
        }

        await producer.WaitAsync(Soon.Patience);
        Assert.Equal(Enumerable.Range(1, Count).Select(i => Record(i, i % 200)), ReadAll(log));
        log.Dispose();
        using PersistentLog opened = PersistentLog.Open(region, where);
        Assert.Equal(Count, opened.Recovery.Count);
        region.Dispose();
    }

    [Fact]
    public async Task After_Dispose_the_log_throws_and_the_region_does_not()
    {
        using MappedRegion region = Map(CacheLine, out _);
        PersistentLog log = PersistentLog.Create(region);
        PersistentLogReader reader = log.Read();
        log.Detach();
        Task<long> waits = log.AppendAsync(Record(1, 10)).AsTask();
        Assert.False(waits.IsCompleted);
        using CancellationTokenSource cancelled = new();
        Task<long> gives = log.AppendAsync(Record(2, 10), cancelled.Token).AsTask();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gives);

        log.Dispose();
        log.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waits);
        Assert.Throws<ObjectDisposedException>(() => log.Append([]));
        Assert.Throws<ObjectDisposedException>(() => log.Trim(1));
        Assert.Throws<ObjectDisposedException>(() => log.Read());
        Assert.Throws<ObjectDisposedException>(() => reader.MoveNext());
        Assert.Throws<ObjectDisposedException>(log.Detach);
        Assert.Throws<ObjectDisposedException>(() => log.Attach(region));
        region.Write(0, 1L);
    }
}
