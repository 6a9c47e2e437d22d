using DirectMap.Tests.Infrastructure;
using DirectMap.Threading;

namespace DirectMap.Tests.Threading;

public sealed class UninterruptedLazyTests
{
    [Fact]
    public void A_thread_that_is_interrupted_while_another_one_makes_the_value_gets_it_and_keeps_the_interrupt()
    {
        Action? park = null;
        int made = 0;
        UninterruptedLazy<int> value = new(() =>
        {
            park!();
            return ++made;
        });
        int got = 0;
        bool kept = false;
        using ParkedThread maker = new(itself =>
        {
            park = itself;
            _ = value.Value;
        });
        Thread thread = new(() =>
        {
            got = value.Value;
            kept = Interrupts.WasInterrupted();
        })
        { IsBackground = true };
        thread.Start();
        Soon.Until(() => Interrupts.IsAsleep(thread), "the thread waits for the value");
        thread.Interrupt();
        Soon.Until(() => Interrupts.IsAsleep(thread) || !thread.IsAlive, "the thread waits again");
        Assert.True(thread.IsAlive);

        Assert.Null(maker.Finish());

        Assert.True(thread.Join(Soon.Patience));
        Assert.Equal((1, 1, true), (got, made, kept));
    }

    [Fact]
    public void Who_is_interrupted_while_making_the_value_makes_it_again()
    {
        bool kept = false;
        int begun = 0;
        Thread thread = new(() =>
        {
            Thread.CurrentThread.Interrupt();
            _ = new UninterruptedLazy<bool>(() => ++begun > 1 || new ManualResetEventSlim().Wait(TimeSpan.FromSeconds(1))).Value;
            kept = Interrupts.WasInterrupted();
        })
        { IsBackground = true };
        thread.Start();

        Assert.True(thread.Join(Soon.Patience));
        Assert.Equal((2, true), (begun, kept));
    }

    [Fact]
    public void Who_is_interrupted_and_cannot_make_the_value_then_keeps_the_interrupt()
    {
        Exception? thrown = null;
        bool kept = false;
        int begun = 0;
        UninterruptedLazy<bool> value = new(
            () => ++begun > 1 ? throw new IOException() : new ManualResetEventSlim().Wait(TimeSpan.FromSeconds(1)));
        Thread thread = new(() =>
        {
            Thread.CurrentThread.Interrupt();
            thrown = Record.Exception(() => value.Value);
            kept = Interrupts.WasInterrupted();
        })
        { IsBackground = true };
        thread.Start();

        Assert.True(thread.Join(Soon.Patience));
        Assert.IsType<IOException>(thrown);
        Assert.True(kept);
    }

    [Fact]
    public void What_could_not_be_made_is_made_when_it_is_asked_for_again()
    {
        int begun = 0;
        UninterruptedLazy<int> value = new(() => ++begun > 1 ? begun : throw new IOException());

        Assert.Throws<IOException>(() => value.Value);

        Assert.Equal((2, 2), (value.Value, value.Value));
    }
}
