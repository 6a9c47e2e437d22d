using System.Diagnostics;

namespace DirectMap.Threading;

/// <summary>
/// Tasks that are completed by a thread that may be interrupted, and waited for by threads that block on them. To wake such a one the
/// runtime takes a lock, so an interrupt can hit whoever completes the task, within the library's own locks, and the wake-up is lost: the
/// task is complete by then, and nobody wakes a second time. So the interrupt is kept for later here, and who blocks looks again.
/// <para>
/// That holds for the library's own waits. A user's thread that blocks on such a task itself may sleep for ever. To complete it by way of
/// the pool would mend that, and be worse: a pool whose threads all block on such tasks would never wake any of them. So docs/leases.md
/// says how to wait.
/// </para>
/// </summary>
internal static class Completion
{
    /// <summary>How often a thread looks that blocks on a task. A wake-up is lost only if both are within some instructions.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);

    /// <summary>Completes a task, unless it is.</summary>
    internal static void Complete<T>(this TaskCompletionSource<T> source, T result)
    {
        try
        {
            source.TrySetResult(result);
        }
        catch (ThreadInterruptedException)
        {
            Thread.CurrentThread.Interrupt();
        }
    }

    /// <inheritdoc cref="Complete{T}(TaskCompletionSource{T}, T)"/>
    internal static void Complete(this TaskCompletionSource source)
    {
        try
        {
            source.TrySetResult();
        }
        catch (ThreadInterruptedException)
        {
            Thread.CurrentThread.Interrupt();
        }
    }

    /// <summary>Ends a task with an exception, unless it has ended. Nobody need look at it.</summary>
    internal static void Fail<T>(this TaskCompletionSource<T> source, Exception failure)
    {
        try
        {
            source.TrySetException(failure);
        }
        catch (ThreadInterruptedException)
        {
            Thread.CurrentThread.Interrupt();
        }

        _ = source.Task.Exception; // Observed: the waiter may have given up at this moment.
    }

    /// <summary>Blocks until a task has ended, and throws what it has failed with.</summary>
    /// <exception cref="ThreadInterruptedException">The thread was interrupted.</exception>
    internal static T ResultOf<T>(Task<T> task)
    {
        Block(task, Timeout.InfiniteTimeSpan);
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Blocks until a task has ended. It throws nothing of the task's.</summary>
    /// <param name="task">The task.</param>
    /// <param name="timeout">For how long at most.</param>
    /// <returns>False: the time is over.</returns>
    /// <exception cref="ThreadInterruptedException">The thread was interrupted.</exception>
    internal static bool Block(Task task, TimeSpan timeout)
    {
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            TimeSpan left = timeout == Timeout.InfiniteTimeSpan ? s_look : timeout - Stopwatch.GetElapsedTime(began);
            if (left < TimeSpan.Zero)
            {
                left = TimeSpan.Zero;
            }

            if (Task.WaitAny([task], left < s_look ? left : s_look) >= 0 || task.IsCompleted)
            {
                return true;
            }

            if (left < s_look)
            {
                return false;
            }
        }
    }
}
