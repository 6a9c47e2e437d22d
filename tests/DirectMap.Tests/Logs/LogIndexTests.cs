using DirectMap.Logs;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>The index of a log, by itself and under a log, while others note records and give them up.</summary>
public sealed class LogIndexTests : LogTest
{
    private const int Step = 64; // at first one record of so many is noted

    [Fact]
    public void One_is_noted_near_every_number_however_many_there_are_and_none_of_what_was_cut()
    {
        const int Count = 10_000_000;
        LogIndex index = new();
        Assert.Equal((0, -1), index.Before(1));
        for (long number = 1; number <= Count; number++)
        {
            index.Add(number, PositionOf(number));
        }

        Random random = new(1);
        for (int i = 0; i < 10_000; i++)
        {
            long number = random.NextInt64(1, Count + 1);
            AssertIsNear(index.Before(number), number, within: 4 * Step); // It has been thinned twice.
        }

        int noted = 0;
        for (long number = Count; number >= 0; number = index.Before(number).Sequence - 1)
        {
            noted += index.Before(number).Position == -1 ? 0 : 1;
        }

        Assert.InRange(noted, 1 << 15, 1 << 16);
        index.CutBefore(5_000_000);
        Assert.Equal((0, -1), index.Before(4_999_999));
        AssertIsNear(index.Before(5_001_000), 5_001_000, within: 4 * Step);
        index.CutFrom(7_000_000);
        AssertIsNear(index.Before(Count), 7_000_000, within: 4 * Step);
        index.Add(7_000_500, PositionOf(7_000_500));
        Assert.Equal((7_000_500, PositionOf(7_000_500)), index.Before(Count));
    }

    [Fact]
    public void A_cut_leaves_the_record_before_which_it_is_and_takes_the_one_from_which_it_is()
    {
        LogIndex index = new();
        for (int i = 1; i <= 4; i++)
        {
            index.Add(i * Step, PositionOf(i * Step));
        }

        index.CutBefore(2 * Step);
        index.CutFrom(4 * Step);

        Assert.Equal((0, -1), index.Before((2 * Step) - 1));
        Assert.Equal((2 * Step, PositionOf(2 * Step)), index.Before(2 * Step));
        Assert.Equal((3 * Step, PositionOf(3 * Step)), index.Before(5 * Step));
    }

    /// <summary>As readers of a follower do, several at once, and as the writer of a ring does that gives records up.</summary>
    [Fact]
    public void While_some_note_and_one_cuts_everybody_finds_what_was_noted()
    {
        for (int round = 0; round < 6; round++)
        {
            NoteLookAndCut();
        }
    }

    [Fact]
    public void What_several_note_at_once_is_noted_once_and_in_order()
    {
        const int Count = 60_000; // all of which it holds
        for (int round = 0; round < 10; round++)
        {
            LogIndex index = new();
            using Barrier begin = new(3);
            Thread[] threads = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
            {
                begin.SignalAndWait();
                for (long number = Step; number <= Count * Step; number += Step)
                {
                    index.Add(number, PositionOf(number));
                }
            }))];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => Assert.True(thread.Join(Soon.Patience), "a thread hangs"));

            for (long number = Step; number <= Count * Step; number += Step)
            {
                Assert.True(index.Before(number) == (number, PositionOf(number)), $"round {round}: {index.Before(number)} for {number}");
            }
        }
    }

    /// <summary>Whoever begins at a number reads that record, whole, or is told how many were given up meanwhile.</summary>
    [Fact]
    public void Readers_that_begin_anywhere_in_a_ring_that_laps_are_at_their_record_or_told_what_they_missed()
    {
        const int Count = 40_000;
        using MappedRegion region = Map(CacheLine, out _, 64 << 10);
        using PersistentLog log = PersistentLog.Create(region, new PersistentLogOptions { IsRing = true, RecordAlignment = 8 });
        log.Append(RecordOf(1));
        long found = 0;
        long missed = 0;
        Exception? failure = null;
        Thread[] readers = [.. Enumerable.Range(0, 2).Select(seed => new Thread(() => Read(new Random(seed))))];
        Array.ForEach(readers, reader => reader.Start());
        for (int number = 2; number <= Count || Volatile.Read(ref found) < 1000 || Volatile.Read(ref missed) < 10; number++)
        {
            if (Volatile.Read(ref failure) is not null || number > 100 * Count)
            {
                break;
            }

            log.Append(RecordOf(number));
        }

        log.Dispose();
        Array.ForEach(readers, reader => Assert.True(reader.Join(Soon.Patience), "a reader hangs"));
        Assert.Null(failure);
        Assert.True(found >= 1000 && missed >= 10, $"{found} found, {missed} missed");

        void Read(Random random)
        {
            try
            {
                while (true)
                {
                    long first = log.FirstSequence, last = log.DurableSequence;
                    Begin(random.Next(4) == 0 ? first : random.NextInt64(first, last + 1));
                }
            }
            catch (ObjectDisposedException)
            {
                // The log's end.
            }
            catch (Exception exception)
            {
                Volatile.Write(ref failure, exception);
            }
        }

        void Begin(long number)
        {
            LogReader reader = log.Read(number);
            try
            {
                Assert.True(reader.MoveNext());
                Assert.Equal(number, reader.Current.Sequence);
                Assert.True(reader.Current.Bytes.Span.SequenceEqual(RecordOf(number)));
                Interlocked.Increment(ref found);
            }
            catch (PersistentLogException overtaken) when (overtaken.Error == LogError.Overtaken)
            {
                Assert.InRange(overtaken.Missed, 1, log.FirstSequence - number);
                Interlocked.Increment(ref missed);
            }
        }

        static byte[] RecordOf(long number) => [.. Enumerable.Repeat((byte)number, (int)(number * 37 % 100))];
    }

    private static void NoteLookAndCut()
    {
        const int Count = 400_000 * Step;
        LogIndex index = new();
        long last = 0;
        int adders = 2;
        Exception? failure = null;
        using Barrier begin = new(5);
        Thread[] threads =
        [
            .. Enumerable.Range(0, 2).Select(_ => new Thread(() => Note())),
            .. Enumerable.Range(0, 2).Select(seed => new Thread(() => Look(new Random(seed)))),
            new Thread(Cut),
        ];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => Assert.True(thread.Join(Soon.Patience), "a thread hangs"));

        Assert.Null(failure);
        AssertIsNear(index.Before(Count), Count, within: 16 * Step); // It may have been thinned three times.

        void Note() => Guarded(() =>
        {
            for (long number = Step; number <= Count; number += Step)
            {
                index.Add(number, PositionOf(number));
                Volatile.Write(ref last, number);
            }
        }, () => Interlocked.Decrement(ref adders));

        void Look(Random random) => Guarded(() =>
        {
            while (Volatile.Read(ref adders) > 0)
            {
                long number = Math.Max(1, Volatile.Read(ref last) - random.Next(100 * Step));
                (long sequence, long position) = index.Before(number);
                Assert.True(
                    position == -1 || (sequence <= number && position == PositionOf(sequence)), $"({sequence}, {position}) for {number}");
            }
        });

        void Cut() => Guarded(() =>
        {
            while (Volatile.Read(ref adders) > 0)
            {
                index.CutBefore(Volatile.Read(ref last) - (50 * Step));
            }
        });

        void Guarded(Action work, Action? end = null)
        {
            begin.SignalAndWait();
            try
            {
                work();
            }
            catch (Exception exception)
            {
                failure ??= exception;
            }
            finally
            {
                end?.Invoke();
            }
        }
    }

    private static long PositionOf(long number) => number * 24;

    private static void AssertIsNear((long Sequence, long Position) noted, long number, int within)
    {
        Assert.InRange(noted.Sequence, number - within + 1, number);
        Assert.Equal(PositionOf(noted.Sequence), noted.Position);
    }
}
