using DirectMap.Inodes;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>Many who want one log, and threads that are interrupted while they take it or let it go.</summary>
public abstract class LogAppenderRaceTests(FileBackingKind backing) : AppenderTest(backing)
{
    private const int Threads = 8;

    /// <summary>
    /// The model is a list: whoever has the log puts into it what it has appended. Two at once would be seen inside, in the numbers, or in
    /// the records.
    /// </summary>
    [Fact]
    public void Of_eight_threads_that_open_and_let_go_all_the_time_one_has_the_log_and_no_record_is_lost()
    {
        const int Turns = 240;
        using (MappedRegion region = Map(TheFile))
        {
            PersistentLog.Create(region, Where with { RecordAlignment = 8 }).Dispose();
        }

        Lock gate = new();
        List<byte> model = [];
        int inside = 0, together = 0, refused = 0;
        Exception?[] failures = new Exception?[Threads];
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(thread => new Thread(
            () => failures[thread] = Record.Exception(() => TakeTurns(new Random(thread)))))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => Assert.True(thread.Join(Soon.Patience * 4), "a thread never ended"));

        Assert.All(failures, Assert.Null);
        Assert.Equal(0, together);
        Assert.True(refused > Threads, $"only {refused} were refused, so hardly any two met");
        using MappedRegion last = Map(TheFile);
        using PersistentLog log = PersistentLog.Open(last, Where);
        Assert.Equal(model, Records(log));

        void TakeTurns(Random random)
        {
            using DirectFile file = Open();
            using MappedRegion region = Map(file);
            while (CountOf(model) < Turns)
            {
                PersistentLog log;
                try
                {
                    log = PersistentLog.Open(region, Where);
                }
                catch (PersistentLogException taken) when (taken.Error == LogError.Taken)
                {
                    Interlocked.Increment(ref refused);
                    continue;
                }

                Append(log, random);
                if (random.Next(3) == 0)
                {
                    log.Detach();
                    try
                    {
                        log.Attach(region);
                        Append(log, random);
                    }
                    catch (PersistentLogException taken) when (taken.Error == LogError.Taken)
                    {
                        Interlocked.Increment(ref refused);
                    }
                }

                log.Dispose();
            }
        }

        void Append(PersistentLog log, Random random)
        {
            if (Interlocked.Increment(ref inside) != 1)
            {
                Interlocked.Increment(ref together);
            }

            byte value = (byte)random.Next(256);
            long number = log.Append([value]);
            lock (gate)
            {
                model.Add(value);
                together += number == model.Count ? 0 : 1;
            }

            Interlocked.Decrement(ref inside);
        }

        int CountOf(List<byte> list)
        {
            lock (gate)
            {
                return list.Count;
            }
        }
    }

    /// <summary>
    /// Others keep the locks busy that are met on the way, so interrupts hit. The thread alone has the log: if it is ever refused, a former
    /// turn of its own has kept it.
    /// </summary>
    [Fact]
    public void A_thread_that_is_interrupted_all_the_time_leaves_nothing_behind()
    {
        const int Interrupts = 20_000;
        using (MappedRegion region = Map(TheFile))
        {
            PersistentLog.Create(region, Where).Dispose();
        }

        bool ends = false;
        int hit = 0;
        Exception?[] failures = new Exception?[3];
        Thread user = new(() => failures[0] = Record.Exception(UseUntilEnd));
        Thread[] busy = [.. Enumerable.Range(1, 2).Select(i => new Thread(() => failures[i] = Record.Exception(() => ClaimUntilEnd(i))))];
        user.Start();
        Array.ForEach(busy, thread => thread.Start());
        for (int i = 0; i < Interrupts && user.IsAlive; i++)
        {
            user.Interrupt();
            Thread.SpinWait(200);
        }

        Volatile.Write(ref ends, true);
        Assert.True(user.Join(Soon.Patience), "the thread never ended");
        Assert.All(busy, thread => Assert.True(thread.Join(Soon.Patience)));
        Assert.All(failures, Assert.Null);
        Assert.True(hit > 0, "no interrupt hit");
        using (MappedRegion region = Map(TheFile))
        {
            AssertFree(region);
        }

        TheFile.Dispose();
        Assert.Equal(0, ProcSelf.DescriptorsOf(Folder.Path)); // nobody has kept the inode

        void UseUntilEnd()
        {
            using MappedRegion region = Map(TheFile);
            for (int i = 0; !Volatile.Read(ref ends); i++)
            {
                PersistentLog? log = null;
                try
                {
                    log = PersistentLog.Open(region, Where);
                    if (i % 2 == 0)
                    {
                        log.Detach();
                        log.Attach(region);
                    }
                }
                catch (ThreadInterruptedException)
                {
                    hit++;
                }

                log?.Dispose();
            }

            Soon.Until(() => Record.Exception(() => Thread.Sleep(0)) is null, "the last interrupt is taken");
        }

        void ClaimUntilEnd(int number)
        {
            using MappedRegion region = Map(TheFile);
            while (!Volatile.Read(ref ends))
            {
                _ = region.TryClaimAppender(32768 + (4096 * number), 1, "busy", out IDisposable? claim, out _);
                claim?.Dispose();
            }
        }
    }

    /// <summary>A callback of a break, or a using, calls neither a second time.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_interrupt_keeps_neither_Detach_nor_Dispose_from_letting_go(bool disposes)
    {
        using ScriptedFile file = new(Folder.File("scripted"), 64 << 10, Options);
        using MappedRegion region = file.File.Map(MapOptions.DirectOrEmulated with { Length = 32 << 10 });
        using PersistentLog log = PersistentLog.Create(region, Where);
        log.Detach();
        using ParkedThread attaching = new(park =>
        {
            file.Backing.Before = call =>
            {
                park();
                return null;
            };
            log.Attach(region);
        });
        file.Backing.Before = _ => null;
        Exception? thrown = null;
        Thread letsGo = new(() => thrown = Record.Exception(disposes ? log.Dispose : log.Detach));
        letsGo.Start();
        Soon.Until(() => letsGo.ThreadState.HasFlag(ThreadState.WaitSleepJoin), "it waits for the one who attaches");

        letsGo.Interrupt();
        Soon.Until(
            () => letsGo.ThreadState.HasFlag(ThreadState.WaitSleepJoin) || !letsGo.IsAlive, "the interrupt has woken it");
        Assert.Null(attaching.Finish());

        Assert.True(letsGo.Join(Soon.Patience), "it never let go");
        Assert.Null(thrown);
        Assert.False(log.IsAttached && !disposes);
        AssertFree(region);
    }
}
