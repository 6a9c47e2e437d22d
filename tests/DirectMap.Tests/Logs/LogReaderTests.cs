using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>What a reader shows of a log that grows, is damaged, or overtakes it.</summary>
public sealed class LogReaderTests : LogTest
{
    [Fact]
    public void A_reader_goes_on_when_records_have_come_and_begins_where_it_is_told_to()
    {
        using MappedRegion region = Map(CacheLine, out _);
        using PersistentLog log = PersistentLog.Create(region);
        PersistentLogReader reader = log.Read();
        Assert.False(reader.MoveNext());
        Assert.Equal(0, reader.Current.Sequence);
        log.Append(Record(1, 10));
        Assert.True(reader.MoveNext());
        Assert.Equal(1, reader.Current.Sequence);
        Assert.Equal(Record(1, 10), reader.Current.Bytes.ToArray());
        Assert.False(reader.MoveNext());

        Assert.Throws<ArgumentOutOfRangeException>(() => log.Read(from: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => log.Read(from: 3));
        PersistentLogReader next = log.Read(from: 2);
        log.Append(Record(2, 20));
        Assert.True(next.MoveNext());
        Assert.Equal(2, next.Current.Sequence);
    }

    [Fact]
    public void Of_a_record_that_is_not_whole_a_reader_shows_nothing_either()
    {
        using MappedRegion region = Map(CacheLine, out _);
        using PersistentLog log = PersistentLog.Create(region);
        log.Append(Record(1, 10));
        log.Append(Record(2, 10));
        PersistentLogReader reader = log.Read();
        Assert.True(reader.MoveNext());
        region.Write(12288 + 64 + 24, ~region.Read<ulong>(12288 + 64 + 24));

        Assert.Equal(PersistentLogError.Damaged, Assert.Throws<PersistentLogException>(() => reader.MoveNext()).Error);
        Assert.Equal((0L, 0), (reader.Current.Sequence, reader.Current.Bytes.Length));
    }

    [Fact]
    public void A_reader_that_is_overtaken_is_told_how_much_it_missed_and_goes_on_with_the_oldest_record()
    {
        using MappedRegion region = Map(CacheLine, out _);
        using PersistentLog log = PersistentLog.Create(
            region, new PersistentLogOptions { IsRing = true, Range = new FileRange(0, 16_384) });
        PersistentLogReader reader = log.Read();
        log.Append(Record(1, 10));
        Assert.True(reader.MoveNext());
        for (int i = 2; i <= 500; i++)
        {
            log.Append(Record(i, 10));
        }

        foreach (PersistentLogReader late in (PersistentLogReader[])[reader, log.Read(from: 2)])
        {
            PersistentLogException overtaken = Assert.Throws<PersistentLogException>(() => late.MoveNext());
            Assert.Equal((PersistentLogError.Overtaken, log.FirstSequence - 2), (overtaken.Error, overtaken.Missed));
            Assert.True(late.MoveNext());
            Assert.Equal(log.FirstSequence, late.Current.Sequence);
            Assert.Equal(Record((int)log.FirstSequence, 10), late.Current.Bytes.ToArray());
        }

        Assert.Equal(log.LastSequence - log.FirstSequence + 1, ReadAll(log).Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Readers_in_other_threads_see_each_record_whole_and_in_order_while_it_is_appended(bool isRing)
    {
        const int Count = 20_000;
        using MappedRegion region = Map(CacheLine, out _, isRing ? 64 << 10 : 8 << 20);
        using PersistentLog log = PersistentLog.Create(region, new PersistentLogOptions { IsRing = isRing, RecordAlignment = 8 });
        Exception?[] failures = new Exception?[2];
        long[] read = new long[2], missed = new long[2];
        using Barrier begin = new(3);
        Thread[] readers =
            [.. Enumerable.Range(0, 2).Select(i => new Thread(() => failures[i] = Xunit.Record.Exception(() => ReadToEnd(i))))];
        Array.ForEach(readers, reader => reader.Start());
        begin.SignalAndWait();
        for (int i = 1; i <= Count; i++)
        {
            log.Append(Record(i, i * 37 % 300));
        }

        Assert.All(readers, reader => Assert.True(reader.Join(Soon.Patience)));
        Assert.All(failures, Assert.Null);
        Assert.All(read.Zip(missed), pair => Assert.Equal(Count, pair.First + pair.Second));
        Assert.True(isRing || missed.Sum() == 0);

        void ReadToEnd(int i)
        {
            PersistentLogReader reader = log.Read();
            begin.SignalAndWait();
            long last = 0;
            while (last < Count)
            {
                try
                {
                    if (reader.MoveNext())
                    {
                        last = reader.Current.Sequence;
                        read[i]++;
                        Assert.Equal(read[i] + missed[i], last);
                        Assert.True(reader.Current.Bytes.Span.SequenceEqual(Record((int)last, (int)last * 37 % 300)));
                    }
                }
                catch (PersistentLogException overtaken) when (overtaken.Error == PersistentLogError.Overtaken)
                {
                    missed[i] += overtaken.Missed;
                }
            }
        }
    }
}
