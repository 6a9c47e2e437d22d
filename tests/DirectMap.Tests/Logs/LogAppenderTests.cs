using System.Diagnostics;
using System.Runtime.CompilerServices;
using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Linux;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>One log object appends to a range: who is refused, what the message says, and when the next one may.</summary>
public abstract class LogAppenderTests(FileBackingKind backing) : AppenderTest(backing)
{
    /// <summary>Each way to another log object over the same bytes; the disposables are the region's.</summary>
    public static TheoryData<string> Ways => new(s_ways.Keys);

    private static readonly Dictionary<string, Func<LogAppenderTests, MappedRegion, List<IDisposable>, MappedRegion>> s_ways = new()
    {
        ["the same region"] = (_, region, _) => region,
        ["another region"] = (test, _, mine) => Keep(mine, Map(test.TheFile)),
        ["another file object"] = (test, _, mine) => Keep(mine, Map(Keep(mine, test.Open()))),
        ["an ordinary mapping"] = (test, _, mine) => Keep(mine, Keep(mine, test.Open()).Map(MapOptions.Ordinary)),
        ["a symbolic link"] = (test, _, mine) =>
        {
            File.CreateSymbolicLink(test.Folder.File("link"), test.TheFile.Path);
            return Keep(mine, Map(Keep(mine, test.Open("link"))));
        },
        ["a hard link"] = (test, _, mine) =>
        {
            test.NeedsLinuxBacking("hard links are several files");
            using (Process link = Process.Start("ln", [test.TheFile.Path, test.Folder.File("hard")]))
            {
                link.WaitForExit();
            }

            return Keep(mine, Map(Keep(mine, test.Open("hard"))));
        },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public void The_second_log_object_is_refused_with_the_first_ones_place_and_stores_nothing(string way)
    {
        using MappedRegion region = Map(TheFile);
        using PersistentLog log = PersistentLog.Create(region, Where);
        log.Append([1]);
        List<IDisposable> mine = [];
        MappedRegion other = s_ways[way](this, region, mine);
        byte[] before = Bytes(region);
        string message = $"the log at 4096 of '{other.Path}': it is taken by a log object of this process, over bytes [4096, 20480) of "
            + $"'{TheFile.Path}' (EBUSY); it is free when that log is disposed or detached, or its process has ended";

        Assert.Equal(message, AssertTaken(() => PersistentLog.Open(other, Where)).Message);
        Assert.Equal(message, AssertTaken(() => PersistentLog.OpenOrCreate(other, Where)).Message);
        Assert.Equal(message, AssertTaken(() => PersistentLog.Create(other, Where)).Message);

        Assert.Equal(before, Bytes(region));
        Assert.Equal(2, log.Append([2]));
        log.Dispose();
        using (PersistentLog next = PersistentLog.Open(other, Where))
        {
            Assert.Equal([1, 2], Records(next));
        }

        mine.Reverse();
        mine.ForEach(one => one.Dispose());
    }

    [Theory]
    [InlineData(0, 20480, true)]
    [InlineData(16384, 20480, true)]
    [InlineData(4096, 32768, true)]
    [InlineData(4104, 16384, true)]
    [InlineData(20480, 16384, false)]
    public void Ranges_that_overlap_are_refused_and_those_side_by_side_are_not(long offset, long length, bool isTaken)
    {
        using MappedRegion region = Map(TheFile);
        using PersistentLog log = PersistentLog.Create(region, Where);
        PersistentLogOptions other = new() { Range = new FileRange(offset, length) };
        if (isTaken)
        {
            Assert.Contains("[4096, 20480)", AssertTaken(() => PersistentLog.Create(region, other)).Message, StringComparison.Ordinal);
            return;
        }

        using PersistentLog beside = PersistentLog.Create(region, other);
        for (byte i = 1; i <= 10; i++)
        {
            log.Append([i]);
            beside.Append([(byte)(100 + i)]);
        }

        log.Detach();
        log.Attach(region);
        Assert.Equal(Enumerable.Range(1, 10).Select(i => (byte)i), Records(log));
        Assert.Equal(Enumerable.Range(101, 10).Select(i => (byte)i), Records(beside));
    }

    [Fact]
    public void An_opening_that_fails_lets_go()
    {
        using MappedRegion region = Map(TheFile);
        Assert.Equal(PersistentLogError.NotALog, Assert.Throws<PersistentLogException>(() => PersistentLog.Open(region, Where)).Error);
        region.Write(4096 + 100, 1L);
        Assert.Equal(
            PersistentLogError.NotALog, Assert.Throws<PersistentLogException>(() => PersistentLog.OpenOrCreate(region, Where)).Error);
        using (PersistentLog log = PersistentLog.Create(region, Where))
        {
            log.Append([1]);
            log.Append([2]);
        }

        region.Write(4096 + 12288 + 24, 7L); // a durable record's byte
        Assert.Equal(PersistentLogError.Damaged, Assert.Throws<PersistentLogException>(() => PersistentLog.Open(region, Where)).Error);

        using PersistentLog cut = PersistentLog.Open(region, Where with { CutAtDamage = true });
        Assert.Equal(3, cut.Append([3]));
    }

    [Fact]
    public void Over_a_region_that_is_gone_an_opening_fails_and_lets_go()
    {
        using MappedRegion region = Map(TheFile);
        PersistentLog.Create(region, Where).Dispose();
        using DirectFile other = Open();
        MappedRegion revoked = other.Map(MapOptions.DirectOrEmulated);
        Revoke(TheFile, revoked);

        Assert.Equal(
            FaultCause.Revoked, Assert.Throws<MappingFaultException>(() => PersistentLog.Open(revoked, Where)).Cause);
        revoked.Dispose();
        Assert.Throws<ObjectDisposedException>(() => PersistentLog.Open(revoked, Where));

        AssertFree(region);
    }

    [Fact]
    public void A_log_that_is_disposed_after_its_region_and_file_lets_go_and_one_that_is_disposed_twice_takes_nothing_from_the_next_one()
    {
        DirectFile file = Open();
        MappedRegion region = Map(file);
        PersistentLog log = PersistentLog.Create(region, Where);
        region.Dispose();
        file.Dispose();
        using MappedRegion another = Map(TheFile);
        AssertTaken(() => PersistentLog.Open(another, Where));

        log.Dispose();
        using PersistentLog next = PersistentLog.Open(another, Where);
        ulong instance = another.Read<ulong>(4096 + 8192);
        log.Dispose();

        Assert.NotEqual(0UL, instance);
        Assert.Equal(instance, another.Read<ulong>(4096 + 8192));
        AssertTaken(() => PersistentLog.Open(another, Where));
    }

    [Fact]
    public void A_log_that_is_forgotten_lets_go_when_it_is_collected()
    {
        using MappedRegion region = Map(TheFile);
        CreateAndForget(region);
        ProcSelf.CollectGarbage();

        AssertFree(region);
    }

    /// <summary>What is appended is finished by threads that know the log's records, and nothing of its user's variables.</summary>
    [Fact]
    public async Task A_log_that_is_forgotten_with_appends_that_wait_keeps_what_it_has_until_they_are_done()
    {
        using MappedRegion region = Map(TheFile);
        Task<long>[] appends = AppendAndForget(region);
        ProcSelf.CollectGarbage();
        await Task.WhenAll(appends).Within();
        appends = [];
        await Task.Yield(); // What ends an append may call what is behind it, and has the log till that returns.
        Exception? refused = null;
        for (int i = 0; i < 20 && (i == 0 || refused is not null); i++)
        {
            ProcSelf.CollectGarbage();
            refused = Record.Exception(() => AssertFree(region));
        }

        Assert.Null(refused);

        using PersistentLog log = PersistentLog.Open(region, Where);
        Assert.Equal(50, log.LastSequence);
    }

    /// <summary>The region's end is not the log's: the same log goes on over the next region.</summary>
    [Fact]
    public void A_revocation_does_not_let_go()
    {
        using DirectFile holder = Open();
        MappedRegion region = holder.Map(MapOptions.DirectOrEmulated);
        using PersistentLog log = PersistentLog.Create(region, Where);
        log.Append([1]);
        Revoke(TheFile, region);
        using MappedRegion another = Map(TheFile);
        AssertTaken(() => PersistentLog.Open(another, Where));

        Assert.Throws<MappingFaultException>(() => log.Append([2]));
        AssertTaken(() => PersistentLog.Open(another, Where));
        region.Dispose();
        AssertTaken(() => PersistentLog.Open(another, Where));

        Assert.Equal(PersistentLogError.Failed, Assert.Throws<PersistentLogException>(log.Detach).Error); // lets go all the same
        AssertFree(another);
    }

    /// <summary>What stands there when the lock is asked for may be another one's doing, so it must not have been read before.</summary>
    [Theory]
    [InlineData("Open")]
    [InlineData("OpenOrCreate")]
    [InlineData("Attach")]
    public void What_decides_is_read_after_the_right_was_taken(string opening)
    {
        using ScriptedFile file = new(Folder.File("scripted"), 64 << 10, Options);
        using MappedRegion region = file.File.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 32 << 10) });
        PersistentLog log = PersistentLog.Create(region, Where);
        log.Append([1]);
        log.Detach();
        byte[] one = Bytes(region);
        log.Attach(region);
        log.Append([2]);
        log.Detach();
        byte[] two = Bytes(region);
        region.CopyFrom(0, opening == "OpenOrCreate" ? new byte[one.Length] : one);
        file.Backing.Before = call =>
        {
            if (call == nameof(OpenedFile.TryLock))
            {
                region.CopyFrom(0, two);
            }

            return null;
        };

        PersistentLog opened = log;
        switch (opening)
        {
            case "Open":
                opened = PersistentLog.Open(region, Where);
                break;
            case "OpenOrCreate":
                opened = PersistentLog.OpenOrCreate(region, Where);
                break;
            default:
                log.Attach(region);
                break;
        }

        Assert.Equal([1, 2], Records(opened));
        opened.Dispose();
        log.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void When_the_right_is_let_go_the_mark_of_a_clean_close_is_there_and_the_page_says_that_nobody_appends(bool detaches)
    {
        using ScriptedFile file = new(Folder.File("scripted"), 64 << 10, Options);
        using MappedRegion region = file.File.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 32 << 10) });
        PersistentLog log = PersistentLog.Create(region, Where);
        log.Append([1]);
        List<(bool First, bool Second, ulong Instance)> letGo = [];
        file.Backing.Before = call =>
        {
            if (call == nameof(OpenedFile.TryUnlock))
            {
                letGo.Add((IsClosed(0), IsClosed(4096), region.Read<ulong>(4096 + 8192)));
            }

            return null;
        };

        if (detaches)
        {
            log.Detach();
        }

        log.Dispose();

        Assert.Equal([(true, true, 0UL)], letGo); // exactly once

        bool IsClosed(long slot) => (region.Read<ulong>(4096 + slot + 32) >> 33) == 1;
    }

    [Theory]
    [InlineData(Errno.ENOLCK, "ENOLCK", typeof(IOException))]
    [InlineData(Errno.EIO, "EIO", typeof(IOException))]
    [InlineData(Errno.EINVAL, "EINVAL", typeof(NotSupportedException))]
    [InlineData(Errno.ENOSYS, "ENOSYS", typeof(NotSupportedException))]
    [InlineData(Errno.EOPNOTSUPP, "EOPNOTSUPP", typeof(NotSupportedException))]
    public void Where_the_lock_cannot_be_had_no_log_is_opened_and_nothing_stays_behind(int errno, string name, Type type)
    {
        using ScriptedFile file = new(Folder.File("scripted"), 64 << 10, Options);
        using MappedRegion region = file.File.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 32 << 10) });
        using PersistentLog log = PersistentLog.Create(region, Where);
        log.Detach();
        byte[] before = Bytes(region);
        int references = file.Inode.References;
        file.Backing.Before = call => call == nameof(OpenedFile.TryLock) ? errno : null;

        Action[] openings =
        [
            () => PersistentLog.Create(region, Where), () => PersistentLog.Open(region, Where),
            () => PersistentLog.OpenOrCreate(region, Where), () => log.Attach(region),
        ];
        Assert.All(openings, open =>
        {
            Exception refused = Assert.Throws(type, open);
            Assert.Equal(errno, refused.HResult);
            Assert.Contains($"the log at 4096 of '{file.File.Path}'", refused.Message, StringComparison.Ordinal);
            Assert.Contains(name, refused.Message, StringComparison.Ordinal);
        });

        Assert.Equal(before, Bytes(region));
        Assert.Equal(references, file.Inode.References);
        file.Backing.Before = _ => null;
        log.Attach(region);
        Assert.Equal(1, log.Append([1]));
    }

    /// <summary>A breaker that the holder of the region keeps waiting until the deadline.</summary>
    internal void Revoke(DirectFile breaker, MappedRegion region)
    {
        Task write = Task.Run(() => breaker.Write([1], 60 << 10));
        Soon.Until(() => region.State == RegionState.Breaking, "the break begins");
        PassDeadline();
        Assert.True(write.Wait(Soon.Patience), "the breaker goes on");
        Assert.Equal(RegionState.Revoked, region.State);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void CreateAndForget(MappedRegion region) => PersistentLog.Create(region, Where).Append([1]);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<long>[] AppendAndForget(MappedRegion region)
    {
        PersistentLog log = PersistentLog.Create(region, Where);
        return [.. Enumerable.Range(1, 50).Select(i => log.AppendAsync(new byte[] { (byte)i }).AsTask())];
    }

    private static T Keep<T>(List<IDisposable> all, T one)
        where T : IDisposable
    {
        all.Add(one);
        return one;
    }
}
