using DirectMap.Tests.Infrastructure;
using DirectMap.Threading;

namespace DirectMap.Tests.Threading;

/// <summary>The keys of the dictionary are compared under its lock, so a thread that is stopped there holds it.</summary>
public sealed class UninterruptedDictionaryTests
{
    [Fact]
    public void A_thread_that_is_interrupted_while_another_one_changes_the_dictionary_removes_an_entry_all_the_same()
    {
        UninterruptedDictionary<int, string> entries = Filled(out StoppingComparer comparer);
        bool removed = false;

        bool kept = InterruptedWhileLocked(entries, comparer, () => removed = entries.TryRemove(2, out _));

        Assert.True(removed);
        Assert.True(kept);
        Assert.False(entries.TryGet(2, out _));
    }

    [Fact]
    public void A_thread_that_is_interrupted_while_another_one_changes_the_dictionary_sets_an_entry_all_the_same()
    {
        UninterruptedDictionary<int, string> entries = Filled(out StoppingComparer comparer);

        bool kept = InterruptedWhileLocked(entries, comparer, () => entries.Set(2, "other"));

        Assert.True(kept);
        Assert.True(entries.TryGet(2, out string? value));
        Assert.Equal("other", value);
    }

    private static UninterruptedDictionary<int, string> Filled(out StoppingComparer comparer)
    {
        comparer = new StoppingComparer();
        UninterruptedDictionary<int, string> entries = new(comparer);
        entries.Set(1, "one");
        entries.Set(2, "two");
        return entries;
    }

    /// <summary>Whether the thread has kept the interrupt that hit it.</summary>
    private static bool InterruptedWhileLocked(UninterruptedDictionary<int, string> entries, StoppingComparer comparer, Action action)
    {
        bool kept = false;
        using ParkedThread holder = new(park =>
        {
            comparer.Stop = park;
            comparer.Stopped = Thread.CurrentThread;
            entries.TryRemove(1, out _);
        });
        Thread thread = new(() =>
        {
            action();
            kept = Interrupts.WasInterrupted();
        })
        { IsBackground = true };
        thread.Start();
        Soon.Until(() => Interrupts.IsAsleep(thread), "the thread waits for the lock");
        thread.Interrupt();
        Soon.Until(() => Interrupts.IsAsleep(thread) || !thread.IsAlive, "the thread waits again");
        Assert.True(thread.IsAlive);
        Assert.Null(holder.Finish());
        Assert.True(thread.Join(Soon.Patience));
        return kept;
    }

    private sealed class StoppingComparer : IEqualityComparer<int>
    {
        internal Thread? Stopped { get; set; }

        internal Action? Stop { get; set; }

        public bool Equals(int x, int y)
        {
            if (Stopped == Thread.CurrentThread)
            {
                Stopped = null;
                Stop!();
            }

            return x == y;
        }

        public int GetHashCode(int obj) => 7; // One lock for all.
    }
}
