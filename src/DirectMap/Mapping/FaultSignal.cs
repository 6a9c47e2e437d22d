using DirectMap.Linux;

namespace DirectMap;

/// <summary>
/// The signal of faults (SIGBUS) in the calling thread. Where a thread has it blocked, the kernel ends the process at the thread's first
/// fault, and no handler is asked: no fault of that thread is contained. A thread inherits what its creator has blocked, and a program what
/// the program that started it has; so a native host that blocks all signals before it starts .NET has them blocked in every thread.
/// </summary>
public static class FaultSignal
{
    /// <summary>
    /// Whether the calling thread has SIGBUS blocked. It is a system call, which is made when a file is mapped and not at accesses. False
    /// on other systems than Linux.
    /// </summary>
    public static bool IsBlocked => OperatingSystem.IsLinux() && SignalMask.IsBusBlocked;

    /// <summary>
    /// Has the calling thread take SIGBUS from now on, and whatever threads it creates. For each thread that accesses regions and may have
    /// it blocked. Nothing on other systems than Linux.
    /// </summary>
    public static void Unblock()
    {
        if (OperatingSystem.IsLinux())
        {
            SignalMask.UnblockBus();
        }
    }
}
