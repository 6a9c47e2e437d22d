using DirectMap.Linux;

namespace DirectMap;

/// <summary>The signal of faults (SIGBUS) in the calling thread.</summary>
/// <remarks>
/// Where a thread has it blocked, the kernel ends the process at the thread's first fault, and no handler is asked: no fault of that thread
/// is contained. A thread inherits what its creator has blocked, and a program what the program that started it has; so a native host that
/// blocks all signals before it starts .NET has them blocked in every thread.
/// </remarks>
public static class FaultSignal
{
    /// <summary>Whether the calling thread has SIGBUS blocked.</summary>
    /// <remarks>
    /// It is a system call, which is made when a file is mapped and not at accesses. It is false on other systems than Linux.
    /// </remarks>
    public static bool IsBlocked => OperatingSystem.IsLinux() && SignalMask.IsBusBlocked;

    /// <summary>Has the calling thread take SIGBUS from now on, and whatever threads it creates.</summary>
    /// <remarks>It is for each thread that accesses regions and may have it blocked. It does nothing on other systems than Linux.</remarks>
    public static void Unblock()
    {
        if (OperatingSystem.IsLinux())
        {
            SignalMask.UnblockBus();
        }
    }
}
