using DirectMap.Linux;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>The page that says who appends; for followers: <see cref="LogObserverTests"/>.</summary>
public sealed class LogStatusPageTests : AppenderTest
{
    private const int Page = 4096 + 8192, Words = 16;

    private readonly MappedRegion _region;

    public LogStatusPageTests() => _region = Map(TheFile);

    [Fact]
    public void While_a_log_appends_its_page_has_an_instance_and_the_process()
    {
        using PersistentLog log = PersistentLog.Create(_region, Where);
        ulong[] words = Read();

        Assert.NotEqual(0UL, words[0]);
        Assert.Equal(ProcessIdentity.Current, ProcessIdentity.Read(words.AsSpan(1)));
        Assert.Equal((ulong)Environment.ProcessId, words[1]);
        Assert.All(words[5..8], word => Assert.Equal(0UL, word));
    }

    [Fact]
    public void Each_opening_and_each_attaching_has_an_instance_of_its_own_and_nobody_has_0()
    {
        HashSet<ulong> instances = [];
        using (PersistentLog log = PersistentLog.Create(_region, Where))
        {
            Assert.True(instances.Add(Read()[0]));
            for (int i = 0; i < 10; i++)
            {
                log.Detach();
                Assert.Equal(0UL, Read()[0]);
                log.Attach(_region);
                Assert.True(instances.Add(Read()[0]));
            }
        }

        Assert.Equal(0UL, Read()[0]);
        using (PersistentLog log = PersistentLog.Open(_region, Where))
        {
            Assert.True(instances.Add(Read()[0]));
        }

        Assert.DoesNotContain(0UL, instances);
    }

    /// <summary>Of a killed appender the page has everything; what follows the log must not take it for the next one's.</summary>
    [Fact]
    public void An_opening_leaves_nothing_of_a_former_appender()
    {
        PersistentLog.Create(_region, Where).Dispose();
        Fill();

        using PersistentLog log = PersistentLog.Open(_region, Where);

        ulong[] words = Read();
        Assert.NotEqual(~0UL, words[0]);
        Assert.Equal(ProcessIdentity.Current, ProcessIdentity.Read(words.AsSpan(1)));
        Assert.All(words[5..8], word => Assert.Equal(0UL, word));
    }

    [Fact]
    public void An_opening_that_fails_leaves_the_page_alone()
    {
        Fill();

        Assert.Throws<PersistentLogException>(() => PersistentLog.Open(_region, Where));

        Assert.All(Read(), word => Assert.Equal(~0UL, word));
    }

    [Fact]
    public void Appends_trims_and_reads_leave_the_page_alone_but_for_what_followers_are_told()
    {
        using PersistentLog log = PersistentLog.Create(_region, Where with { IsRing = true });
        _region.Write(Page + (5 * sizeof(ulong)), 5UL);
        ulong[] before = Read();
        for (int i = 0; i < 200; i++)
        {
            log.Append(new byte[100]);
        }

        log.Trim(log.LastSequence);
        _ = log.Read().MoveNext();

        Assert.Equal(before[..8], Read()[..8]);
        Assert.NotEqual(before[8..], Read()[8..]);
    }

    [Fact]
    public void Nothing_that_stands_there_changes_what_is_found()
    {
        using (PersistentLog log = PersistentLog.Create(_region, Where))
        {
            log.Append([1]);
            log.Append([2]);
        }

        Fill();
        using (PersistentLog log = PersistentLog.Open(_region, Where))
        {
            Assert.Equal([1, 2], Records(log));
            Assert.Equal(PersistentLogStop.End, log.Recovery.StoppedAt);
            Fill();
            Assert.Equal(3, log.Append([3]));
        }

        using PersistentLog again = PersistentLog.Open(_region, Where);
        Assert.Equal([1, 2, 3], Records(again));
    }

    public override void Dispose()
    {
        _region.Dispose();
        base.Dispose();
    }

    private void Fill()
    {
        for (int i = 0; i < Words; i++)
        {
            _region.Write(Page + (i * sizeof(ulong)), ~0UL);
        }
    }

    private ulong[] Read() => [.. Enumerable.Range(0, Words).Select(i => _region.Read<ulong>(Page + (i * sizeof(ulong))))];
}
