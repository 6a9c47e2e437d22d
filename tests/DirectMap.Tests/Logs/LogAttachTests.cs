using DirectMap.Mapping;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>What is attached to, and who has the log before, meanwhile and afterwards.</summary>
public abstract class LogAttachTests(FileBackingKind backing) : AppenderTest(backing)
{
    [Fact]
    public void What_is_attached_is_the_same_log_with_all_that_was_durable()
    {
        using MappedRegion region = Map(TheFile);
        using PersistentLog log = PersistentLog.Create(region, Where);
        log.Append([1]);
        Assert.Throws<InvalidOperationException>(() => log.Attach(region));
        byte[] before = Bytes(region);
        log.Append([2]);
        log.Detach();
        log.Detach();
        byte[] after = Bytes(region);

        region.CopyFrom(0, before);
        Assert.Equal(PersistentLogError.Damaged, Assert.Throws<PersistentLogException>(() => log.Attach(region)).Error);
        PersistentLog.Create(region, Where).Dispose();
        Assert.Equal(PersistentLogError.NotALog, Assert.Throws<PersistentLogException>(() => log.Attach(region)).Error);
        Assert.False(log.IsAttached);

        region.CopyFrom(0, after);
        log.Attach(region);
        Assert.Equal(3, log.Append([3]));
        Assert.Equal([1, 2, 3], Records(log));
    }

    [Fact]
    public void A_detached_log_can_be_had_by_another_one_and_goes_on_behind_its_records_when_that_is_closed()
    {
        using MappedRegion region = Map(TheFile), another = Map(TheFile);
        using PersistentLog log = PersistentLog.Create(region, Where);
        log.Append([1]);
        log.Detach();
        using PersistentLog meanwhile = PersistentLog.Open(another, Where);
        meanwhile.Append([2]);

        AssertTaken(() => log.Attach(region));
        Assert.False(log.IsAttached);
        meanwhile.Append([3]);
        meanwhile.Dispose();
        log.Attach(region);

        Assert.Equal(4, log.Append([4]));
        Assert.Equal([1, 2, 3, 4], Records(log));
        AssertTaken(() => PersistentLog.Open(another, Where));
    }

    [Fact]
    public async Task Appends_that_wait_go_on_behind_the_records_of_the_one_that_came_in_between()
    {
        using MappedRegion region = Map(TheFile);
        using PersistentLog log = PersistentLog.Create(region, Where);
        log.Detach();
        Task<long> waits = log.AppendAsync(new byte[] { 2 }).AsTask();
        using (PersistentLog meanwhile = PersistentLog.Open(region, Where))
        {
            meanwhile.Append([1]);
            AssertTaken(() => log.Attach(region));
            Assert.False(waits.IsCompleted);
        }

        log.Attach(region);
        Assert.Equal(2, await waits.Within());
        Assert.Equal([1, 2], Records(log));
    }

    [Fact]
    public void An_Attach_that_fails_lets_go_of_what_it_took()
    {
        using MappedRegion region = Map(TheFile);
        using PersistentLog log = PersistentLog.Create(region, Where);
        log.Append([1]);
        log.Detach();
        PersistentLog.Create(region, Where).Dispose();

        Assert.Equal(PersistentLogError.NotALog, Assert.Throws<PersistentLogException>(() => log.Attach(region)).Error);

        AssertFree(region);
    }

    /// <summary>Otherwise a third one could come in between, append, and be written over.</summary>
    [Fact]
    public void From_a_failure_to_Attach_nobody_else_gets_the_log_also_where_Attach_fails()
    {
        MappedRegion region = Map(TheFile);
        using MappedRegion another = Map(TheFile);
        using PersistentLog log = PersistentLog.Create(region, Where);
        log.Append([1]);
        byte[] before = Bytes(region);
        region.Core.Mapping.Invalidate(MappingLife.Revoked);
        Assert.Throws<MappingFaultException>(() => log.Append([2]));
        AssertTaken(() => PersistentLog.Open(another, Where));

        another.Write(4096L, 0L);
        another.Write(4096L + 4096, 0L);
        Assert.Equal(PersistentLogError.NotALog, Assert.Throws<PersistentLogException>(() => log.Attach(another)).Error);
        Assert.NotNull(log.Failure);
        AssertTaken(() => PersistentLog.Create(another, Where));

        another.CopyFrom(0, before);
        log.Attach(another);
        region.Dispose();
        AssertTaken(() => PersistentLog.Open(another, Where));
        Assert.Equal(log.LastSequence + 1, log.Append([3]));
        log.Dispose();
        AssertFree(another);
    }

    [Fact]
    public void A_failed_log_lets_go_with_Dispose()
    {
        MappedRegion region = Map(TheFile);
        using MappedRegion another = Map(TheFile);
        PersistentLog log = PersistentLog.Create(region, Where);
        region.Core.Mapping.Invalidate(MappingLife.Revoked);
        Assert.Throws<MappingFaultException>(() => log.Append([2]));
        AssertTaken(() => PersistentLog.Open(another, Where));

        log.Dispose();

        AssertFree(another);
        region.Dispose();
    }

    /// <summary>As somebody does whose disk fails: the log was copied to another one.</summary>
    [Fact]
    public void A_failed_log_that_goes_on_in_another_file_has_that_one_and_not_the_former_one()
    {
        using DirectFile copy = Create(name: "copy.pmem");
        using MappedRegion copied = Map(copy), another = Map(TheFile);
        MappedRegion region = Map(TheFile);
        using PersistentLog log = PersistentLog.Create(region, Where);
        log.Append([1]);
        copied.CopyFrom(0, Bytes(region));
        region.Core.Mapping.Invalidate(MappingLife.Revoked);
        Assert.Throws<MappingFaultException>(() => log.Append([2]));

        using (PersistentLog taken = PersistentLog.Open(copied, Where))
        {
            AssertTaken(() => log.Attach(copied));
            AssertTaken(() => PersistentLog.Open(another, Where));
        }

        log.Attach(copied);

        AssertTaken(() => PersistentLog.Open(copied, Where));
        AssertFree(another);
        Assert.Equal(2, log.Append([2]));
        Assert.Equal([1, 2], Records(log));
        region.Dispose();
    }

    /// <summary>Its options name no length, so it had all that there was.</summary>
    [Fact]
    public void A_failed_log_goes_on_where_it_lay_when_the_file_has_grown()
    {
        MappedRegion region = Map(TheFile);
        using PersistentLog log = PersistentLog.Create(region);
        log.Append([1]);
        region.Dispose();
        Assert.Throws<ObjectDisposedException>(() => log.Append([2]));
        TheFile.Write(new byte[100], 64 << 10);
        using MappedRegion grown = Map(TheFile);

        log.Attach(grown);

        log.Append([2]);
        Assert.Equal([1, 2], Records(log));
    }

    /// <summary>Whoever detaches the log disposes the region next.</summary>
    [Fact]
    public async Task Readers_beside_Detach_and_the_regions_Dispose_are_told_that_the_log_is_detached()
    {
        MappedRegion region = Map(TheFile);
        using PersistentLog log = PersistentLog.Create(region, WithRoom);
        for (int i = 0; i < 500; i++)
        {
            log.Append([1]);
        }

        bool stops = false;
        Task[] readers =
        [
            .. Enumerable.Range(0, 3).Select(first => Task.Run(() =>
            {
                for (int i = first; !Volatile.Read(ref stops); i++)
                {
                    try
                    {
                        log.Read(1 + ((i * 63) % 500)).MoveNext();
                    }
                    catch (PersistentLogException exception) when (exception.Error == PersistentLogError.Detached)
                    {
                        // As said.
                    }
                }
            })),
        ];
        for (int round = 0; round < 200; round++)
        {
            log.Detach();
            region.Dispose();
            region = Map(TheFile);
            log.Attach(region);
        }

        Volatile.Write(ref stops, true);
        await Task.WhenAll(readers).Within();
        region.Dispose();
    }
}
