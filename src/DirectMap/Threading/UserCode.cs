using System.Diagnostics;

namespace DirectMap.Threading;

/// <summary>
/// Runs user code that is told of a break (or of progress): each callback by itself, on a pool thread or, when the pool is starved, on a
/// thread of the library's (<see cref="CallbackWatch"/>), so that one that blocks or throws harms only itself. The running thread
/// is marked, because a breaker that waited there could be waiting for the very holder that is being told.
/// </summary>
internal static class UserCode
{
    [ThreadStatic]
    private static bool t_running;

    /// <summary>Whether the calling thread is inside a break callback.</summary>
    internal static bool IsRunningHere => t_running;

    internal static void Queue<T>(Action<T> callback, T argument, Action<Exception>? failed) =>
        CallbackWatch.Add(new Item<T>(callback, argument, failed));

    internal static void TraceFailure(Exception exception) => Trace.TraceError("DirectMap: a break callback failed: {0}", exception);

    /// <summary>Tells the user of a failure of his own code; never throws.</summary>
    internal static void Report(Exception exception, Action<Exception>? failed)
    {
        try
        {
            (failed ?? TraceFailure)(exception);
        }
        catch (Exception)
        {
            // A report that fails has nobody left to tell, and must not end the process from a pool thread.
        }
    }

    /// <summary>
    /// Runs other code of the user's, marked: it is called by somebody who holds a right, so what waited there could wait for its own
    /// caller. What it throws is the caller's.
    /// </summary>
    internal static void Mark(Action action)
    {
        GateWatch.AssertNoneHeld();
        bool before = t_running;
        t_running = true;
        try
        {
            action();
        }
        finally
        {
            t_running = before;
        }
    }

    /// <summary>Runs a callback on this thread, marked.</summary>
    internal static void Run<T>(Action<T> callback, T argument, Action<Exception>? failed)
    {
        GateWatch.AssertNoneHeld();
        t_running = true;
        try
        {
            // What one throws keeps no other from being called.
            foreach (Action<T> one in Delegate.EnumerateInvocationList(callback))
            {
                RunOne(one, argument, failed);
            }
        }
        finally
        {
            t_running = false;
        }
    }

    private static void RunOne<T>(Action<T> callback, T argument, Action<Exception>? failed)
    {
        try
        {
            callback(argument);
        }
        catch (Exception exception)
        {
            Report(exception, failed);
        }
    }

    private sealed class Item<T>(Action<T> callback, T argument, Action<Exception>? failed) : UserCallback
    {
        internal override void Run() => UserCode.Run(callback, argument, failed);
    }
}
