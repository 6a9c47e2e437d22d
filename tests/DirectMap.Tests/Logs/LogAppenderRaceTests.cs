using System.Reflection;
using DirectMap.Inodes;
using DirectMap.Tests.Infrastructure;
using DirectMap.Threading;

namespace DirectMap.Tests.Logs;

/// <summary>Many who want one log, and threads that are interrupted while they take it or let it go.</summary>
public abstract class LogAppenderRaceTests(FileBackingKind backing) : AppenderTest(backing)
{
    /// <summary>
    /// The model is a list: whoever has the log puts into it what it has appended. Two at once would be seen inside, in the numbers, or in
    /// the records.
    /// </summary>
    [Fact]
    public void Of_eight_threads_that_open_and_let_go_all_the_time_one_has_the_log_and_no_record_is_lost()
    {
        const int Threads = 8;
        using (MappedRegion region = Map(TheFile))
        {
            PersistentLog.Create(region, WithRoom).Dispose();
        }

        Turns turns = new(240);
        Exception?[] failures = new Exception?[Threads];
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(thread => new Thread(() => failures[thread] = Record.Exception(() =>
        {
            using DirectFile file = Open();
            using MappedRegion region = Map(file);
            turns.Take(region, new Random(thread));
        })))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => Assert.True(thread.Join(Soon.Patience * 4), "a thread never ended"));

        Assert.All(failures, Assert.Null);
        Assert.Equal(0, turns.Together);
        Assert.True(turns.Refused > Threads, $"only {turns.Refused} were refused, so hardly any two met");
        using MappedRegion last = Map(TheFile);
        using PersistentLog log = PersistentLog.Open(last, WithRoom);
        Assert.Equal(turns.Model, Records(log));
    }

    /// <summary>An interrupt hits where the list of those who append is waited for.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_thread_that_is_interrupted_while_it_opens_a_log_leaves_nothing_behind(bool isTaken)
    {
        MappedRegion region = Map(TheFile);
        PersistentLog log = PersistentLog.Create(region, Where);
        if (!isTaken)
        {
            log.Dispose();
        }

        PersistentLog? opened = null;
        Exception? thrown = null;
        UninterruptedLock gate = GateOf(InodeTable.Find(TheFile.Id)!.Appenders);
        Thread thread = new(() => thrown = Record.Exception(() => opened = PersistentLog.Open(region, Where)));
        using (gate.Enter())
        {
            thread.Start();
            AwaitWaiting(thread);
            thread.Interrupt();
            AwaitWaiting(thread);
        }

        Assert.True(thread.Join(Soon.Patience), "it never ended");
        Assert.Equal(isTaken, opened is null);
        Assert.True(!isTaken || thrown is PersistentLogException { Error: PersistentLogError.Taken }, $"{thrown}");
        opened?.Dispose();
        log.Dispose();
        AssertFree(region);
        region.Dispose();
        TheFile.Dispose();
        Assert.Equal(0, ProcSelf.DescriptorsOf(Folder.Path)); // nobody has kept the inode
    }

    /// <summary>A callback of a break, or a using, calls neither a second time.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_interrupt_keeps_neither_Detach_nor_Dispose_from_letting_go(bool disposes)
    {
        using ScriptedFile file = new(Folder.File("scripted"), 64 << 10, Options);
        using MappedRegion region = file.File.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 32 << 10) });
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
        AwaitWaiting(letsGo);

        letsGo.Interrupt();
        AwaitWaiting(letsGo);
        Assert.Null(attaching.Finish());

        Assert.True(letsGo.Join(Soon.Patience), "it never let go");
        Assert.Null(thrown);
        Assert.True(disposes || !log.IsAttached);
        AssertFree(region);
    }

    /// <summary>Interrupted where it waits for the list of those who append, or not, whoever lets go has let go.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_thread_that_is_interrupted_while_it_lets_go_has_let_go(bool disposes)
    {
        using MappedRegion region = Map(TheFile);
        using PersistentLog log = PersistentLog.Create(region, Where);
        Exception? thrown = null;
        UninterruptedLock gate = GateOf(InodeTable.Find(TheFile.Id)!.Appenders);
        Thread thread = new(() => thrown = Record.Exception(disposes ? log.Dispose : log.Detach));
        using (gate.Enter())
        {
            thread.Start();
            AwaitWaiting(thread);
            thread.Interrupt();
            AwaitWaiting(thread);
        }

        Assert.True(thread.Join(Soon.Patience), "it never ended");
        Assert.Null(thrown);
        AssertFree(region);
    }

    /// <summary>The library holds it for some instructions only.</summary>
    private static UninterruptedLock GateOf(Appenders appenders) =>
        (UninterruptedLock)typeof(Appenders).GetField("_gate", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(appenders)!;

    private static void AwaitWaiting(Thread thread) => Soon.Until(
        () => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin) || !thread.IsAlive, "the thread waits, or has ended");

    /// <summary>What threads do that take turns with one log.</summary>
    private sealed class Turns(int count)
    {
        private readonly Lock _gate = new();
        private int _inside;
        private int _together;
        private int _refused;

        /// <summary>What was appended.</summary>
        internal List<byte> Model { get; } = [];

        /// <summary>How often two had the log at once.</summary>
        internal int Together => _together;

        internal int Refused => _refused;

        private bool IsOver
        {
            get
            {
                lock (_gate)
                {
                    return Model.Count >= count;
                }
            }
        }

        internal void Take(MappedRegion region, Random random)
        {
            while (!IsOver)
            {
                PersistentLog? opened = null;
                TryHave(() => opened = PersistentLog.Open(region, WithRoom));
                if (opened is not { } log)
                {
                    continue;
                }

                Append(log, random);
                if (random.Next(3) == 0)
                {
                    log.Detach();
                    if (TryHave(() => log.Attach(region)))
                    {
                        Append(log, random);
                    }
                }

                log.Dispose();
            }
        }

        private bool TryHave(Action take)
        {
            try
            {
                take();
                return true;
            }
            catch (PersistentLogException taken) when (taken.Error == PersistentLogError.Taken)
            {
                Interlocked.Increment(ref _refused);
                return false;
            }
        }

        private void Append(PersistentLog log, Random random)
        {
            bool isAlone = Interlocked.Increment(ref _inside) == 1;
            byte value = (byte)random.Next(256);
            long number = log.Append([value]);
            lock (_gate)
            {
                Model.Add(value);
                _together += isAlone && number == Model.Count ? 0 : 1;
            }

            Interlocked.Decrement(ref _inside);
        }
    }
}
