namespace DirectMap.Threading;

/// <content>For tests only: as it would be without the threads.</content>
internal static partial class CallbackWatch
{
    /// <summary>Callbacks wait for a pool thread from now on, however long that takes: as if all the threads were at work.</summary>
    internal static void LeaveToPool() => Interlocked.Add(ref s_threads, MostThreads);
}
