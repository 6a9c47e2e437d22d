using DirectMap.FaultLoad.Host;
using DirectMap.FaultLoad.Infrastructure;
using DirectMap.FaultLoad.Native;

namespace DirectMap.FaultLoad.Controls;

/// <summary>
/// Two SIGBUS that are sent, to two threads. The handler from before puts the default in place of all, as the runtime's does; one thread
/// looks who is on top just then. In the end the handler must be there. Needs a library with hooks.
/// </summary>
internal static unsafe class SentSignals
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly int s_page = Environment.SystemPageSize;

    internal static int Run(string probePath)
    {
        Probe probe = new(probePath);
        probe.Install(Probe.Resets);
        NativeHandler.Install();
        int* hold = NativeHandler.Variable("directmap_hold_chain");
        int* chaining = NativeHandler.Variable("directmap_chaining");
        Volatile.Write(ref *hold, 1);

        Thread second = Start(probe.Kill);
        Until(() => Volatile.Read(ref *chaining) == 1, "the second thread's signal has not come"); // It has not looked yet.
        Thread first = Start(probe.Kill);
        Until(() => probe.ResetCount == 1, "the first thread's signal was not passed on"); // The default is there.
        Volatile.Write(ref *hold, 0);
        Until(() => probe.ResetCount == 2, "the second thread's signal was not passed on"); // It has looked.
        probe.Release(1);
        first.Join();
        probe.Release(2); // And puts the default there once more.
        second.Join();

        bool isThere = NativeHandler.IsFirst;
        Console.WriteLine($"after two signals the handler is {(isThere ? "there" : "gone")}");
        return isThere && IsContained() ? ParkedHandler.Held : ParkedHandler.Broken;
    }

    private static bool IsContained()
    {
        int file = Libc.CreateFile(s_page);
        byte* start = Libc.MapFile(file, s_page);
        FaultHandler.StateBlock* state = NativeHandler.NewState();
        NativeHandler.Register(start, s_page, state);
        Libc.SetLength(file, 0);
        return Libc.Load(start) == 0 && state->Word == NativeHandler.Lost;
    }

    private static Thread Start(Action body)
    {
        Thread thread = new(() => body()) { IsBackground = true };
        thread.Start();
        return thread;
    }

    private static void Until(Func<bool> condition, string otherwise)
    {
        if (!SpinWait.SpinUntil(condition, s_patience))
        {
            throw new TimeoutException(otherwise);
        }
    }
}
