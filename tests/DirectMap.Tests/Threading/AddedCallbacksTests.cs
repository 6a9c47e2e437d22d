using DirectMap.Tests.Infrastructure;
using DirectMap.Threading;
using FsCheck;
using FsCheck.Fluent;

namespace DirectMap.Tests.Threading;

/// <summary>The list behind CallbackWatch loses no callback that nobody has taken, and keeps none that it need not.</summary>
public sealed class AddedCallbacksTests
{
    private const int Pushers = 4;
    private const int Each = 100_000;

    private AddedCallbacks _list;

    [Fact]
    public void It_is_what_a_list_is_of_which_each_push_drops_the_taken_ones_at_the_end() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed => Compare(new Random(seed)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void Of_callbacks_that_come_one_after_another_and_are_taken_it_keeps_one()
    {
        for (int i = 0; i < 1000; i++)
        {
            Callback callback = new();
            _list.Push(callback);

            Assert.Equal([callback], Chain(callback));
            Assert.True(callback.TryTake());
        }
    }

    [Fact]
    public void While_many_threads_push_and_take_and_one_takes_all_none_is_lost_and_none_comes_twice()
    {
        Callback[][] pushed = [.. Enumerable.Range(0, Pushers).Select(_ => New(Each))];
        List<UserCallback> found = [];
        bool end = false;
        using Barrier begin = new(Pushers + 1);
        Thread[] pushers = [.. pushed.Select((mine, seed) => new Thread(() => PushAndTakeMost(mine, new Random(seed))))];
        Thread looker = new(() =>
        {
            List<UserCallback> some = [];
            begin.SignalAndWait();
            while (!Volatile.Read(ref end))
            {
                some.Clear();
                _list.TakeAll(some);
                found.AddRange(some);
            }
        });
        Array.ForEach([.. pushers, looker], thread => thread.Start());
        Array.ForEach(pushers, thread => Assert.True(thread.Join(Soon.Patience), "a thread hangs"));
        Volatile.Write(ref end, true);
        Assert.True(looker.Join(Soon.Patience), "the thread that takes all hangs");
        List<UserCallback> rest = [];
        _list.TakeAll(rest);
        found.AddRange(rest);

        HashSet<UserCallback> once = [.. found];
        Assert.Equal(once.Count, found.Count);
        Assert.DoesNotContain(pushed.SelectMany(mine => mine), callback => !callback.IsTaken && !once.Contains(callback));
        Assert.True(_list.IsEmpty);
        Assert.DoesNotContain(pushed.SelectMany(mine => mine), callback => callback.Before is not null);

        void PushAndTakeMost(Callback[] mine, Random random)
        {
            begin.SignalAndWait();
            for (int i = 0; i < mine.Length; i++)
            {
                _list.Push(mine[i]);
                if (random.Next(4) != 0)
                {
                    mine[random.Next(Math.Max(0, i - 10), i + 1)].TryTake();
                }
            }
        }
    }

    [Fact]
    public void When_all_that_many_threads_have_pushed_are_taken_the_next_push_keeps_none_of_them()
    {
        for (int round = 0; round < 20; round++)
        {
            Callback[][] pushed = [.. Enumerable.Range(0, Pushers).Select(_ => New(Each / 100))];
            using Barrier begin = new(Pushers);
            Thread[] pushers = [.. pushed.Select(mine => new Thread(() =>
            {
                begin.SignalAndWait();
                foreach (Callback callback in mine)
                {
                    _list.Push(callback);
                    callback.TryTake();
                }
            }))];
            Array.ForEach(pushers, thread => thread.Start());
            Array.ForEach(pushers, thread => Assert.True(thread.Join(Soon.Patience), "a thread hangs"));
            Callback last = new();

            _list.Push(last);

            Assert.Equal([last], Chain(last));
            Assert.DoesNotContain(pushed.SelectMany(mine => mine), callback => callback.Before is not null);
            last.TryTake();
        }
    }

    private static void Compare(Random random)
    {
        AddedCallbacks list = default;
        List<Callback> model = [], all = [];
        for (int step = 0; step < 300; step++)
        {
            switch (random.Next(20))
            {
                case 0:
                    List<UserCallback> taken = [];
                    list.TakeAll(taken);
                    Assert.Equal(model.Where(callback => !callback.IsTaken), taken);
                    model.Clear();
                    break;
                case < 10 when all.Count > 0:
                    all[^Math.Min(all.Count, random.Next(1, 10))].TryTake();
                    break;
                default:
                    all.Add(new Callback());
                    int kept = model.FindLastIndex(callback => !callback.IsTaken) + 1;
                    model.RemoveRange(kept, model.Count - kept);
                    model.Add(all[^1]);
                    list.Push(all[^1]);
                    break;
            }

            Assert.Equal(model.Count == 0, list.IsEmpty);
            Assert.Equal(model.AsEnumerable().Reverse(), model.Count == 0 ? [] : Chain(model[^1]));
            Assert.All(all.Except(model), callback => Assert.Null(callback.Before));
        }
    }

    /// <summary>One and all that were pushed before it and are kept.</summary>
    private static List<Callback> Chain(Callback last)
    {
        List<Callback> chain = [];
        for (UserCallback? callback = last; callback is not null; callback = callback.Before)
        {
            chain.Add((Callback)callback);
        }

        return chain;
    }

    private static Callback[] New(int count) => [.. Enumerable.Range(0, count).Select(_ => new Callback())];

    private sealed class Callback : UserCallback
    {
        internal override void Run() => throw new InvalidOperationException("nobody runs it here");
    }
}
