using System.Diagnostics;

namespace DirectMap.Threading;

/// <summary>
/// In debug builds: how many gates (<see cref="Gate"/>) the calling thread holds. No user code runs while it holds one: it could wait for
/// somebody who waits for that gate. In release builds nothing of it is there.
/// </summary>
internal static class GateWatch
{
    [ThreadStatic]
    private static int t_held;

    [Conditional("DEBUG")]
    internal static void Entered() => t_held++;

    [Conditional("DEBUG")]
    internal static void Left() => t_held--;

    [Conditional("DEBUG")]
    internal static void AssertNoneHeld() => Debug.Assert(t_held == 0, "user code is about to run under a gate");
}
