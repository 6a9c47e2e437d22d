using System.Reflection;
using DirectMap.Tests.Infrastructure;
using DirectMap.Threading;

namespace DirectMap.Tests.Threading;

/// <summary>
/// A wake-up is lost within some instructions of the runtime's. So the state that a task then has is set in its own field, and no one is
/// woken.
/// </summary>
public sealed class CompletionTests
{
    private const int IsCompleted = 0x1000000; // TASK_STATE_RAN_TO_COMPLETION
    private const int IsBeingCompleted = 0x4000000; // TASK_STATE_COMPLETION_RESERVED

    [Fact]
    public void Who_blocks_on_a_task_finds_that_it_has_ended_also_when_nobody_wakes_him()
    {
        TaskCompletionSource source = new();
        Thread thread = new(() => Completion.Block(source.Task, Timeout.InfiniteTimeSpan)) { IsBackground = true };
        thread.Start();
        Soon.Until(() => Interrupts.IsAsleep(thread), "the thread waits for the task");

        Set(source.Task, IsCompleted);

        Assert.True(source.Task.IsCompleted);
        Assert.True(thread.Join(Soon.Patience), "the thread waits for ever");
    }

    public static TheoryData<string> Ends => ["result", "end", "failure"];

    [Theory]
    [MemberData(nameof(Ends))]
    public void Who_is_interrupted_while_he_completes_a_task_goes_on_and_keeps_the_interrupt(string end)
    {
        TaskCompletionSource source = new();
        TaskCompletionSource<int> withResult = new();
        Set(source.Task, IsBeingCompleted); // so that who completes it waits for another thread that does
        Set(withResult.Task, IsBeingCompleted);
        Exception? thrown = null;
        bool kept = false;
        Thread thread = new(() =>
        {
            Thread.CurrentThread.Interrupt();
            thrown = Record.Exception(() =>
            {
                switch (end)
                {
                    case "result":
                        withResult.Complete(1);
                        break;
                    case "failure":
                        withResult.Fail(new IOException());
                        break;
                    default:
                        source.Complete();
                        break;
                }
            });
            kept = Interrupts.WasInterrupted();
        })
        { IsBackground = true };
        thread.Start();

        Assert.True(thread.Join(Soon.Patience));
        Assert.Null(thrown);
        Assert.True(kept);
    }

    private static void Set(Task task, int flag)
    {
        FieldInfo state = typeof(Task).GetField("m_stateFlags", BindingFlags.Instance | BindingFlags.NonPublic)!;
        state.SetValue(task, (int)state.GetValue(task)! | flag);
    }
}
