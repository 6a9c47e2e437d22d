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

    /// <summary>As the writer of a ring does that gives records up, while readers begin.</summary>
    [Fact]
    public void While_one_notes_and_one_cuts_everybody_finds_what_was_noted()
    {
        for (int round = 0; round < 20; round++)
        {
            Crowd crowd = new();
            Action[] all = [crowd.Note, crowd.Look, crowd.Look, crowd.Look, crowd.Cut];
            using Barrier begin = new(all.Length);
            Thread[] threads = [.. all.Select(one => new Thread(() =>
            {
                begin.SignalAndWait();
                crowd.Guard(one);
            }))];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => Assert.True(thread.Join(Soon.Patience), "a thread hangs"));

            Assert.Null(crowd.Failure);
            crowd.LookFor(Crowd.Last);
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
        long found = 0, missed = 0;
        Exception? failure = null;
        Thread[] readers = [.. Enumerable.Range(0, 2).Select(seed => new Thread(() => Read(new Random(seed))))];
        Array.ForEach(readers, reader => reader.Start());
        for (int number = 2; !IsEnough(number); number++)
        {
            log.Append(RecordOf(number));
        }

        log.Dispose();
        Array.ForEach(readers, reader => Assert.True(reader.Join(Soon.Patience), "a reader hangs"));
        Assert.Null(failure);
        Assert.True(found >= 1000 && missed >= 10, $"{found} found, {missed} missed");

        bool IsEnough(int number) => Volatile.Read(ref failure) is not null || number > 100 * Count
            || (number > Count && Volatile.Read(ref found) >= 1000 && Volatile.Read(ref missed) >= 10);

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
            PersistentLogReader reader = log.Read(number);
            try
            {
                Assert.True(reader.MoveNext());
                Assert.Equal(number, reader.Current.Sequence);
                Assert.True(reader.Current.Bytes.Span.SequenceEqual(RecordOf(number)));
                Interlocked.Increment(ref found);
            }
            catch (PersistentLogException overtaken) when (overtaken.Error == PersistentLogError.Overtaken)
            {
                Assert.InRange(overtaken.Missed, 1, log.FirstSequence - number);
                Interlocked.Increment(ref missed);
            }
        }
    }

    private static byte[] RecordOf(long number) => [.. Enumerable.Repeat((byte)number, (int)(number * 37 % 100))];

    private static long PositionOf(long number) => number * 24;

    private static void AssertIsNear((long Sequence, long Position) noted, long number, int within)
    {
        Assert.InRange(noted.Sequence, number - within + 1, number);
        Assert.Equal(PositionOf(noted.Sequence), noted.Position);
    }

    /// <summary>Threads at one index, of which each number that is not cut is found at its place, since all of them fit.</summary>
    private sealed class Crowd
    {
        internal const long Last = 60_000 * Step;
        private const long Kept = 20_000 * Step;

        private readonly LogIndex _index = new();
        private long _noted;
        private long _cut;
        private bool _end;

        internal Exception? Failure { get; private set; }

        private bool GoesOn => !Volatile.Read(ref _end);

        internal void Guard(Action work)
        {
            try
            {
                work();
            }
            catch (Exception exception)
            {
                Failure = exception;
                Volatile.Write(ref _end, true);
            }
        }

        internal void Note()
        {
            for (long number = Step; number <= Last && GoesOn; number += Step)
            {
                _index.Add(number, PositionOf(number));
                Volatile.Write(ref _noted, number);
            }

            Volatile.Write(ref _end, true);
        }

        internal void Cut()
        {
            while (GoesOn)
            {
                long before = Math.Max(Volatile.Read(ref _cut), Volatile.Read(ref _noted) - Kept);
                Volatile.Write(ref _cut, before); // first, so that nobody looks in vain for what is kept
                _index.CutBefore(before);
            }
        }

        internal void Look()
        {
            Random random = new(1);
            while (GoesOn)
            {
                LookFor(Math.Max(0, Volatile.Read(ref _noted) - (random.Next((int)Kept / Step) * Step)));
            }
        }

        internal void LookFor(long number)
        {
            (long sequence, long position) = _index.Before(number);
            Assert.True(
                position == -1 ? number == 0 || number < Volatile.Read(ref _cut) : (sequence, position) == (number, PositionOf(number)),
                $"({sequence}, {position}) for {number}, cut before {_cut}");
        }
    }
}
