using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DirectMap.Inodes;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Inodes;

/// <summary>What an inode is protected from, and who hears of changes: invariant 7 of the arbiter.</summary>
public sealed class ArbiterLevelTests : ArbiterTest
{
    private const ProtectionLevel More = (ProtectionLevel)50; // none that there is today
    private const ProtectionLevel Most = (ProtectionLevel)70;

    [Fact]
    public void The_strongest_party_counts_and_of_equals_the_first()
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        (OutsideSeat a, OutsideSeat b) = (Parties[0].Seat, Parties[1].Seat);
        void AssertIs(ProtectionLevel scope, string reason) => Assert.Equal(new Protection(scope, reason), arbiter.Protection);

        Assert.Equal(FileArbiter.Unwatched, arbiter.Protection);
        b.SetLevel(new Protection(More, "b's"));
        AssertIs(More, "b's");
        a.SetLevel(new Protection(More, "a's"));
        AssertIs(More, "a's");
        b.SetLevel(new Protection(Most, "b's best"));
        AssertIs(Most, "b's best");
        b.SetLevel(new Protection(ProtectionLevel.None, "b is gone"));
        AssertIs(More, "a's");
        a.SetLevel(new Protection(ProtectionLevel.ThisProcess, "a's queue has overflowed"));
        AssertIs(ProtectionLevel.ThisProcess, "a's queue has overflowed");
        a.SetLevel(new Protection(ProtectionLevel.None, "a is gone"));
        Assert.Equal(FileArbiter.Unwatched, arbiter.Protection);
    }

    [Fact]
    public void What_a_party_says_before_it_is_seated_counts_when_it_is()
    {
        Protection level = new(More, "from the beginning");
        List<TestParty> made = [];
        PartyMaker maker = TestParty.Makers(made, Log, "a")[0];
        PartyMaker telling = seat =>
        {
            seat.SetLevel(level);
            return maker(seat);
        };
        FileArbiter attached = new(TheFile, Coordinator, null);
        FileArbiter bound = new(TheFile, Coordinator, [telling]);

        attached.Attach(telling);
        bound.Break(Breaker()).Dispose();

        Assert.Equal((level, level), (attached.Protection, bound.Protection));
    }

    [Fact]
    public void Each_change_is_told_in_order_and_one_at_a_time_to_all_who_asked()
    {
        const int Count = 200;
        FileArbiter arbiter = ArbiterWith("a", "b");
        object sender = new();
        ConcurrentQueue<Protection>[] heard = [new(), new()];
        OutsideNotifier[] notifiers =
            [.. heard.Select(_ => new OutsideNotifier(arbiter, static failure => Assert.Fail(failure.Message)))];
        int[] inside = new int[heard.Length];
        int together = 0;
        for (int i = 0; i < heard.Length; i++)
        {
            int at = i;
            notifiers[i].Add(sender, (from, told) =>
            {
                together += Interlocked.Increment(ref inside[at]) - 1;
                Assert.Same(sender, from);
                heard[at].Enqueue(told);
                Interlocked.Decrement(ref inside[at]);
            });
        }

        Thread[] threads =
        [
            .. Parties.Select((party, index) => new Thread(() =>
            {
                for (int i = 0; i < Count; i++)
                {
                    party.Seat.SetLevel(new Protection(More + i, $"{index}: {i}"));
                }
            })),
        ];
        Array.ForEach(threads, thread => thread.Start());
        Assert.All(threads, thread => Assert.True(thread.Join(Soon.Patience)));

        Soon.Until(() => heard.All(told => !told.IsEmpty && told.Last() == arbiter.Protection), "the last that is told is the present one");
        Soon.Until(() => heard[0].Count == heard[1].Count, "both have heard the same");
        Assert.Equal(heard[0], heard[1]);
        Assert.Equal(0, together);
        Assert.Equal(heard[0].Select(told => told.Level).Order(), heard[0].Select(told => told.Level)); // Levels only rise here.
        GC.KeepAlive(notifiers);
    }

    [Fact]
    public void While_a_handler_runs_it_is_not_called_by_another_thread()
    {
        const int Count = 20;
        FileArbiter arbiter = ArbiterWith("a");
        using ManualResetEventSlim go = new();
        using ManualResetEventSlim behind = new();
        int calls = 0;
        OutsideNotifier notifier = new(arbiter, static failure => Assert.Fail(failure.Message));
        notifier.Add(this, (_, _) =>
        {
            Interlocked.Increment(ref calls);
            go.Wait();
        });
        Party.Seat.SetLevel(new Protection(More, "the first"));
        Soon.Until(() => Volatile.Read(ref calls) == 1, "the handler runs");
        for (int i = 1; i < Count; i++)
        {
            Party.Seat.SetLevel(new Protection(More, $"{i}"));
        }

        ThreadPool.UnsafeQueueUserWorkItem(_ => behind.Set(), null); // behind whoever else would call it

        Assert.True(behind.Wait(Soon.Patience));
        Assert.Equal(1, Volatile.Read(ref calls));
        go.Set();
        Soon.Until(() => Volatile.Read(ref calls) == Count, "all are told");
        GC.KeepAlive(notifier);
    }

    [Fact]
    public void What_does_not_change_anything_is_not_told()
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        ConcurrentQueue<string> heard = new();
        OutsideNotifier notifier = new(arbiter, static failure => Assert.Fail(failure.Message));
        notifier.Add(this, (_, told) => heard.Enqueue(told.Reason));

        Parties[0].Seat.SetLevel(new Protection(Most, "a's"));
        Parties[0].Seat.SetLevel(new Protection(Most, "a's"));
        Parties[1].Seat.SetLevel(new Protection(More, "b's"));
        Parties[0].Seat.SetLevel(new Protection(Most, "the end"));

        Soon.Until(() => heard.Contains("the end"), "the last change is told");
        Assert.Equal(["a's", "the end"], heard);
        GC.KeepAlive(notifier);
    }

    [Fact]
    public void A_handler_hears_of_changes_after_it_was_added_and_of_none_before()
    {
        FileArbiter arbiter = ArbiterWith("a");
        using ManualResetEventSlim go = new();
        OutsideNotifier notifier = new(arbiter, static failure => Assert.Fail(failure.Message));
        ConcurrentQueue<string> early = new();
        ConcurrentQueue<string> late = new();
        notifier.Add(this, (_, told) =>
        {
            early.Enqueue(told.Reason);
            go.Wait();
        });
        Party.Seat.SetLevel(new Protection(More, "1"));
        Soon.Until(() => !early.IsEmpty, "the first is told");
        Party.Seat.SetLevel(new Protection(More, "2"));

        notifier.Add(this, (_, told) => late.Enqueue(told.Reason));
        Party.Seat.SetLevel(new Protection(More, "3"));
        go.Set();

        Soon.Until(() => late.Contains("3"), "the last is told");
        Assert.Equal(["1", "2", "3"], early);
        Assert.Equal(["3"], late);
        GC.KeepAlive(notifier);
    }

    [Fact]
    public void What_was_added_twice_and_removed_once_hears_each_change_once()
    {
        FileArbiter arbiter = ArbiterWith("a");
        OutsideNotifier notifier = new(arbiter, static failure => Assert.Fail(failure.Message));
        ConcurrentQueue<string> heard = new();
        EventHandler<Protection> one = (_, told) => heard.Enqueue(told.Reason);
        EventHandler<Protection> other = (_, told) => heard.Enqueue($"other {told.Reason}");
        notifier.Add(this, one + other);
        notifier.Add(this, one);
        notifier.Add(this, null);
        notifier.Remove(one);
        notifier.Remove(null);
        notifier.Remove(static (_, _) => { });

        Party.Seat.SetLevel(new Protection(More, "told"));

        Soon.Until(() => heard.Contains("other told"), "both hear");
        Assert.Equal(["told", "other told"], heard);
        notifier.Remove(one + other);
        Party.Seat.SetLevel(new Protection(More, "nobody hears"));
        Assert.Equal(2, heard.Count);
        GC.KeepAlive(notifier);
    }

    [Fact]
    public void Those_who_are_gone_are_forgotten_when_so_many_others_have_come()
    {
        FileArbiter arbiter = ArbiterWith("a");
        for (int number = 0; number < 100; number++)
        {
            ForgetTeller(arbiter);
        }

        Soon.Until(() => Forgotten(arbiter) == arbiter.Tellers.Count, "the notifiers are collected");
        List<OutsideNotifier> notifiers = [];
        for (int number = 0; number < 100; number++)
        {
            notifiers.Add(new OutsideNotifier(arbiter, static failure => Assert.Fail(failure.Message)));
        }

        Assert.Equal((0, 100), (Forgotten(arbiter), arbiter.Tellers.Count));
        notifiers.ForEach(static notifier => notifier.Close());
        Assert.Empty(arbiter.Tellers);

        static int Forgotten(FileArbiter arbiter)
        {
            ProcSelf.CollectGarbage();
            return arbiter.Tellers.Count(static one => !one.TryGetTarget(out _));
        }
    }

    [Fact]
    public void The_level_that_comes_with_an_attached_party_is_told()
    {
        FileArbiter arbiter = ArbiterWith("a");
        OutsideNotifier notifier = new(arbiter, static failure => Assert.Fail(failure.Message));
        ConcurrentQueue<string> heard = new();
        notifier.Add(this, (_, told) => heard.Enqueue(told.Reason));

        arbiter.Attach(seat =>
        {
            seat.SetLevel(new Protection(Most, "the new one's"));
            return new TestParty(seat, "b", Log);
        });

        Soon.Until(() => !heard.IsEmpty, "it is told");
        Assert.Equal(["the new one's"], heard);
        GC.KeepAlive(notifier);
    }

    [Fact]
    public void Parties_that_are_attached_at_once_are_all_there()
    {
        FileArbiter arbiter = ArbiterWith("a");
        arbiter.Attach(seat =>
        {
            arbiter.Attach(inner => new TestParty(inner, "b", Log)); // as another thread does in between
            return new TestParty(seat, "c", Log);
        });

        arbiter.Acquire(Lease()).Dispose();

        AssertLog("a.join", "b.join", "c.join", "c.leave", "b.leave", "a.leave");
    }

    [Fact]
    public void Where_a_party_throws_when_it_is_let_go_it_is_reported_and_the_others_are_let_go()
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        Parties[1].Detaching = static () => throw new InvalidTimeZoneException("against its promise");

        arbiter.Close();

        Assert.Equal(1, Parties[0].Detached);
        Assert.IsType<InvalidTimeZoneException>(Assert.Single(CallbackFailures));
    }

    [Fact]
    public void A_seat_of_an_inode_that_is_closed_says_nothing_any_more()
    {
        FileArbiter arbiter = ArbiterWith("a");
        OutsideNotifier notifier = new(arbiter, static failure => Assert.Fail(failure.Message));
        int told = 0;
        Party.Seat.SetLevel(new Protection(Most, "in time"));
        arbiter.Close();
        notifier.Add(this, (_, _) => told++);

        Assert.Equal(FileArbiter.Unwatched, arbiter.Protection);
        Party.Seat.SetLevel(new Protection(Most, "too late"));

        Assert.Equal(FileArbiter.Unwatched, arbiter.Protection);
        Assert.Equal(0, told);
        GC.KeepAlive(notifier);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ForgetTeller(FileArbiter arbiter) =>
        _ = new OutsideNotifier(arbiter, static failure => Assert.Fail(failure.Message));
}
