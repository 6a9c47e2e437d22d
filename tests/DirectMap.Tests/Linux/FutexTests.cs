using System.Diagnostics;
using System.Runtime.InteropServices;
using DirectMap.Linux;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Linux;

/// <summary>Waiting for a word of a file, and waking those who do, across mappings and processes.</summary>
public sealed unsafe class FutexTests : IDisposable
{
    private static readonly TimeSpan s_long = 2 * Soon.Patience;
    private static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(100);

    private readonly TestDirectory _directory = new();
    private readonly WordFile _file;

    public FutexTests() => _file = new WordFile(_directory.File());

    [Theory]
    [InlineData(MappingAccess.ReadWrite)]
    [InlineData(MappingAccess.Read)]
    public void A_region_of_another_process_is_woken(MappingAccess access) =>
        WakesChild(ChildProcess.Start(FutexCases.WaitInRegion, _file.Path, $"{access}"), _file.Map(writable: true));

    [Fact]
    public void A_process_that_has_the_file_for_reading_only_is_woken() =>
        WakesChild(ChildProcess.Start(FutexCases.WaitInReadOnlyFile, _file.Path), _file.Map(writable: true));

    [Fact]
    public void A_mapping_for_reading_is_enough_to_wake() =>
        WakesChild(ChildProcess.Start(FutexCases.WaitInReadOnlyFile, _file.Path), _file.Map(writable: false));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_word_that_has_changed_is_not_waited_for(bool writable)
    {
        *_file.Map(writable: true) = 1;

        Assert.Equal(0, Futex.TryWait(_file.Map(writable), 0, s_long, out FutexEnd end));

        Assert.Equal(FutexEnd.ValueChanged, end);
    }

    [Fact]
    public void All_bits_of_the_word_count()
    {
        uint* word = _file.Map(writable: true);
        *word = uint.MaxValue;

        Assert.Equal(0, Futex.TryWait(word, uint.MaxValue, TimeSpan.Zero, out FutexEnd end));

        Assert.Equal(FutexEnd.TimedOut, end);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    [InlineData(1100)]
    public void A_wait_that_nobody_ends_lasts_as_long_as_it_was_told(int milliseconds)
    {
        TimeSpan timeout = TimeSpan.FromMilliseconds(milliseconds);
        uint* word = _file.Map(writable: false);
        long began = Stopwatch.GetTimestamp();

        Assert.Equal(0, Futex.TryWait(word, 0, timeout, out FutexEnd end));

        Assert.Equal(FutexEnd.TimedOut, end);
        Assert.InRange(Stopwatch.GetElapsedTime(began), timeout, timeout + Soon.Patience);
    }

    [Fact]
    public void As_many_are_woken_as_asked_for()
    {
        uint* word = _file.Map(writable: true);
        WaitingThread[] waiting = [.. Enumerable.Range(0, 3).Select(_ => new WaitingThread(word, s_long))];

        Assert.Equal(1, Wake(word, 1));
        Assert.Equal(2, Wake(word, int.MaxValue));
        Assert.Equal(0, Wake(word, int.MaxValue));

        Assert.All(waiting, one => Assert.Equal(FutexEnd.Woken, one.End()));
    }

    [Fact]
    public void Those_who_wait_for_another_word_sleep_on()
    {
        uint* page = _file.Map(writable: true);
        WaitingThread waiting = new(page, s_long);

        Assert.Equal(0, Wake(page + 1, int.MaxValue));

        Assert.True(waiting.IsWaiting);
        Assert.Equal(1, Wake(page, int.MaxValue));
        Assert.Equal(FutexEnd.Woken, waiting.End());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Whose_page_was_replaced_is_reached_through_the_file_and_no_more_through_its_own_address(bool writable)
    {
        uint* page = _file.Map(writable), other = _file.Map(writable: true);
        WaitingThread waiting = new(page, s_long);

        WordFile.ReplaceByAnonymous(page, writable: true);

        Assert.Equal(0, Wake(page, int.MaxValue));
        Assert.True(waiting.IsWaiting);
        Assert.Equal(1, Wake(other, int.MaxValue));
        Assert.Equal(FutexEnd.Woken, waiting.End());
    }

    [Fact]
    public void Whose_page_was_replaced_waits_no_longer_than_it_was_told()
    {
        uint* page = _file.Map(writable: false);
        WaitingThread waiting = new(page, s_short);

        WordFile.ReplaceByAnonymous(page, writable: false);

        Assert.Equal(FutexEnd.TimedOut, waiting.End());
    }

    /// <summary>The next wait of a follower whose region was revoked.</summary>
    [Fact]
    public void To_begin_to_wait_on_a_page_that_was_replaced_is_an_error_for_reading_and_times_out_for_writing()
    {
        uint* reading = _file.Map(writable: false), writing = _file.Map(writable: true);
        WordFile.ReplaceByAnonymous(reading, writable: false);
        WordFile.ReplaceByAnonymous(writing, writable: true);

        Assert.Equal(Errno.EFAULT, Futex.TryWait(reading, 0, s_long, out _));
        Assert.Equal(Errno.EFAULT, Futex.TryWake(reading, 1, out _));
        Assert.Equal(0, Futex.TryWait(writing, 0, s_short, out FutexEnd end));
        Assert.Equal(FutexEnd.TimedOut, end);
    }

    /// <summary>An access would raise a signal.</summary>
    [Fact]
    public void A_page_behind_the_end_of_the_file_is_an_error()
    {
        uint* page = _file.Map(writable: true);
        _file.Truncate();

        Assert.Equal(Errno.EFAULT, Futex.TryWait(page, 0, s_long, out _));
        Assert.Equal(Errno.EFAULT, Futex.TryWake(page, 1, out int woken));
        Assert.Equal(0, woken);
    }

    [Fact]
    public void A_signal_ends_a_wait()
    {
        using PosixSignalRegistration registration = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => { });
        WaitingThread waiting = new(_file.Map(writable: true), s_long);

        Assert.Equal(0, PlainCalls.SignalWindowChange(waiting.Id).Errno);

        Assert.Equal(FutexEnd.Interrupted, waiting.End());
    }

    [Fact]
    public void A_collection_does_not_wait_for_those_who_wait()
    {
        uint* word = _file.Map(writable: true);
        WaitingThread waiting = new(word, s_long);

        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);

        Assert.True(waiting.IsWaiting);
        Assert.Equal(1, Wake(word, 1));
        Assert.Equal(FutexEnd.Woken, waiting.End());
    }

    /// <summary>Why the log's own page is to be waited on, and woken, through a mapping for reading.</summary>
    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void Only_through_a_writable_mapping_the_page_becomes_dirty(bool writable, bool dirty)
    {
        Assert.SkipUnless(_file.IsOnDevice, "the temp folder is in memory, or what it is on is not known");
        uint* word = _file.Map(writable);
        int size = dirty ? Environment.SystemPageSize >> 10 : 0;

        Assert.Equal(0, Futex.TryWait(word, 0, TimeSpan.Zero, out _));
        Assert.Equal(size, ProcSelf.DirtyKibibytes(_file.Path));
        Assert.Equal(0, Msync.Try((byte*)word, (nuint)Environment.SystemPageSize));
        Assert.Equal(0, ProcSelf.DirtyKibibytes(_file.Path));
        Assert.Equal(0, Wake(word, 1));
        Assert.Equal(size, ProcSelf.DirtyKibibytes(_file.Path));
    }

    [Fact]
    public void A_word_across_words_is_an_error_and_a_time_below_zero_too()
    {
        uint* word = _file.Map(writable: true);

        Assert.Equal(Errno.EINVAL, Futex.TryWait((uint*)((byte*)word + 2), 0, s_short, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => Futex.TryWait(word, 0, Timeout.InfiniteTimeSpan, out _));
    }

    public void Dispose()
    {
        _file.Dispose();
        _directory.Dispose();
    }

    private static int Wake(uint* word, int count)
    {
        Assert.Equal(0, Futex.TryWake(word, count, out int woken));
        return woken;
    }

    /// <summary>Wakes until somebody was there to be woken.</summary>
    private static void WakesChild(Process started, uint* word)
    {
        using Process child = started;
        nint address = (nint)word;
        Soon.Until(() => child.HasExited || Wake((uint*)address, int.MaxValue) == 1, "the child waits");
        Assert.Equal("Woken", child.StandardOutput.ReadLine());
        Assert.True(child.WaitForExit(Soon.Patience), "the child did not end");
    }
}
