using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>What a follower reads, beside a writer that appends, trims, closes, and opens again.</summary>
public sealed class LogFollowerTests : LogFollowerTest
{
    [Fact]
    public void What_is_there_is_read_and_what_comes()
    {
        PersistentLog log = Write();
        Append(log, 3);
        PersistentLogFollower follower = Follow();
        PersistentLogReader reader = follower.Read();

        Assert.Equal([1, 2, 3], Numbers(reader));
        Append(log, 2);
        Assert.Equal([4, 5], Numbers(reader));
        Assert.Equal((1, 5), (follower.FirstSequence, follower.DurableSequence));
    }

    [Fact]
    public void An_empty_log_has_nothing_to_read_and_the_first_record_is()
    {
        PersistentLog log = Write();
        PersistentLogFollower follower = Follow();
        PersistentLogReader reader = follower.Read();

        Assert.False(reader.MoveNext());
        Assert.Equal((1, 0), (follower.FirstSequence, follower.DurableSequence));
        Append(log, 1);
        Assert.Equal([1], Numbers(reader));
    }

    [Fact]
    public void Reading_begins_where_it_is_told_to()
    {
        PersistentLog log = Write();
        Append(log, 300);
        PersistentLogFollower follower = Follow();

        Assert.Equal(Range(300, 300), Numbers(follower.Read(300)));
        Assert.Equal(Range(100, 300), Numbers(follower.Read(100)));
        Assert.Equal(Range(99, 300), Numbers(follower.Read(99)));
        Assert.Empty(Numbers(follower.Read(301)));
        Assert.Throws<ArgumentOutOfRangeException>(() => follower.Read(302));
        Assert.Throws<ArgumentOutOfRangeException>(() => follower.Read(0));
    }

    [Fact]
    public void It_goes_on_when_the_log_is_closed_and_opened_again()
    {
        PersistentLog log = Write();
        Append(log, 2);
        PersistentLogFollower follower = Follow();
        PersistentLogReader reader = follower.Read();
        Assert.Equal([1, 2], Numbers(reader));

        log.Dispose();
        Assert.False(reader.MoveNext());
        Assert.Equal(2, follower.DurableSequence);

        log = Write();
        Append(log, 2);
        Assert.Equal([3, 4], Numbers(reader));
        Assert.Equal([1, 2, 3, 4], Numbers(Follow().Read()));
    }

    [Fact]
    public void It_may_be_opened_before_anybody_appends()
    {
        PersistentLog.Create(Writable).Dispose();
        PersistentLogFollower follower = Follow();
        PersistentLogReader reader = follower.Read();
        Assert.Equal(default, follower.Writer);
        Assert.False(reader.MoveNext());

        Append(Write(), 1);

        Assert.Equal([1], Numbers(reader));
    }

    [Fact]
    public void Where_there_is_no_log_it_is_refused() =>
        Assert.Equal(PersistentLogError.NotALog, Assert.Throws<PersistentLogException>(() => Follow()).Error);

    [Fact]
    public void Who_appends_is_told()
    {
        PersistentLog log = Write();
        PersistentLogFollower follower = Follow();
        PersistentLogWriter first = follower.Writer;
        Assert.Equal(PersistentLogWriterState.Running, first.State);
        Assert.NotEqual(0UL, first.Instance);

        log.Dispose();
        Assert.Equal(default, follower.Writer);

        Write();
        Assert.Equal(PersistentLogWriterState.Running, follower.Writer.State);
        Assert.NotEqual(first.Instance, follower.Writer.Instance);
    }

    [Fact]
    public void A_log_that_is_made_over_it_is_told()
    {
        PersistentLog log = Write();
        Append(log, 2);
        PersistentLogReader reader = Follow().Read();
        log.Dispose();

        PersistentLog.Create(Writable).Dispose();

        Assert.Equal(PersistentLogError.Replaced, Assert.Throws<PersistentLogException>(() => reader.MoveNext()).Error);
    }

    [Fact]
    public void Who_is_overtaken_by_a_ring_is_told_how_much_he_has_missed()
    {
        PersistentLog log = Write(Ring);
        Append(log, 1);
        PersistentLogReader reader = Follow(Ring).Read();
        Append(log, 200);

        PersistentLogException overtaken = Assert.Throws<PersistentLogException>(() => reader.MoveNext());

        Assert.Equal((PersistentLogError.Overtaken, log.FirstSequence - 1), (overtaken.Error, overtaken.Missed));
        Assert.Equal(Range(log.FirstSequence, log.LastSequence), Numbers(reader));
    }

    [Fact]
    public void Who_is_behind_a_trim_is_told_and_so_is_who_begins_there()
    {
        PersistentLog log = Write();
        Append(log, 10);
        PersistentLogFollower follower = Follow();
        PersistentLogReader reader = follower.Read();
        Assert.True(reader.MoveNext());

        log.Trim(6);

        Assert.Equal(6, follower.FirstSequence);
        Assert.Equal(4, Assert.Throws<PersistentLogException>(() => reader.MoveNext()).Missed);
        Assert.Equal(Range(6, 10), Numbers(reader));
        PersistentLogReader late = follower.Read(3);
        Assert.Equal(3, Assert.Throws<PersistentLogException>(() => late.MoveNext()).Missed);
        Assert.Equal(Range(6, 10), Numbers(late));
    }

    [Fact]
    public void A_log_may_lie_anywhere_in_the_region()
    {
        PersistentLogOptions options = new() { Range = new FileRange(20_488, 20_000), RecordAlignment = 8 };
        PersistentLog log = Write(options);
        Append(log, 3);
        PersistentLogFollower follower = Follow(options);

        Assert.Equal([1, 2, 3], Numbers(follower.Read()));
        Assert.Equal(PersistentLogWriterState.Running, follower.Writer.State);
    }

    [Fact]
    public void Nothing_is_stored_and_the_file_keeps_its_times()
    {
        PersistentLog log = Write();
        Append(log, 3);
        log.Dispose();
        Writable.Persist();
        byte[] before = File.ReadAllBytes(LogPath);
        DateTime written = File.GetLastWriteTimeUtc(LogPath);

        PersistentLogFollower follower = Follow();
        Assert.Equal([1, 2, 3], Numbers(follower.Read()));
        Assert.False(follower.WaitForRecord(4, TimeSpan.FromMilliseconds(20)));
        _ = PersistentLogInspection.Of(MapForReading()).Read().Count();
        follower.Dispose();

        Assert.Equal(before, File.ReadAllBytes(LogPath));
        Assert.Equal(written, File.GetLastWriteTimeUtc(LogPath));
    }

    /// <summary>Also where the region is mapped for writing: through that mapping each sleep would make the page dirty.</summary>
    [Fact]
    public void Who_waits_has_the_page_mapped_for_reading()
    {
        Write();
        Keep(PersistentLogFollower.Open(Writable)).WaitForRecord(1, TimeSpan.FromMilliseconds(1));

        string[] mappings = [.. File.ReadLines("/proc/self/maps").Where(line => line.EndsWith(LogPath, StringComparison.Ordinal))];

        // Two: the writer's, to wake, and the follower's, to sleep.
        Assert.Equal(2, mappings.Count(line => line.Contains(" r--s 00002000 ", StringComparison.Ordinal)));
        Assert.DoesNotContain(mappings, line => line.Contains(" rw-s 00002000 ", StringComparison.Ordinal));
    }

    [Fact]
    public void An_opening_for_writing_refuses_a_region_for_reading() =>
        Assert.Throws<NotSupportedException>(() => PersistentLog.Open(MapForReading()));

    [Fact]
    public void After_it_was_disposed_it_says_so()
    {
        Append(Write(), 1);
        PersistentLogFollower follower = Follow();
        PersistentLogReader reader = follower.Read();

        follower.Dispose();
        follower.Dispose();

        Assert.Throws<ObjectDisposedException>(() => reader.MoveNext());
        Assert.Throws<ObjectDisposedException>(() => follower.Read());
        Assert.Throws<ObjectDisposedException>(() => follower.DurableSequence);
        Assert.Throws<ObjectDisposedException>(() => follower.FollowAsync());
        Assert.Throws<ObjectDisposedException>(() => follower.WaitForRecord(1, TimeSpan.Zero));
    }

    /// <summary>
    /// A writer that appends, trims and closes at random, and a follower that reads at random: it is given each record in its order,
    /// or told how many it has missed.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whatever_the_writer_does_each_record_is_read_once_or_counted_as_missed(bool isRing)
    {
        PersistentLogOptions options = new() { Range = new FileRange(0, 20 << 10), IsRing = isRing, RecordAlignment = 8 };
        PersistentLog log = Write(options);
        PersistentLogFollower follower = Follow(options);
        PersistentLogReader reader = follower.Read();
        Random random = new(isRing ? 1 : 2);
        long next = 1, durable = 0;
        for (int step = 0; step < 3000; step++)
        {
            int what = random.Next(20);
            if (what == 0)
            {
                log.Dispose();
                log = PersistentLog.Open(Writable, options);
            }
            else if (what < 3 && durable > log.FirstSequence)
            {
                log.Trim(random.NextInt64(log.FirstSequence, durable + 2));
            }
            else if (what < 12 && (isRing || log.FreeBytes > 2000))
            {
                Append(log, random.Next(1, 6));
                durable = log.LastSequence;
            }
            else
            {
                next = ReadSome(reader, next, random.Next(8));
            }
        }

        log.Dispose();
        next = ReadSome(reader, next, int.MaxValue);
        Assert.Equal(durable + 1, next);
        Assert.InRange(durable, 1000, long.MaxValue);
    }

    private static long ReadSome(PersistentLogReader reader, long next, int count)
    {
        try
        {
            for (; count > 0 && reader.MoveNext(); count--)
            {
                Assert.Equal(next, reader.Current.Sequence);
                Assert.Equal(Record(next), reader.Current.Bytes.ToArray());
                next++;
            }
        }
        catch (PersistentLogException overtaken) when (overtaken.Error == PersistentLogError.Overtaken)
        {
            next += overtaken.Missed;
        }

        return next;
    }
}
