using DirectMap.Linux;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Breakers;

/// <summary>The system's fanotify, inotify and threads.</summary>
internal sealed class LinuxWitnessSystem : IWitnessSystem
{
    public IChangeSource? TryMake(ProtectionEngine engine, UninterruptedLock gate, out int errno) =>
        engine == ProtectionEngine.Fanotify ? FanotifySource.TryMake(gate, out errno) : InotifySource.TryMake(gate, out errno);

    public int TryMakeWake(out SafeFileHandle? wake)
    {
        int errno = EventFd.TryCreate(out SafeFileHandle made);
        if (errno == 0)
        {
            wake = made;
            return 0;
        }

        made.Dispose();
        wake = null;
        return errno;
    }

    public int TryStart(Action body)
    {
        try
        {
            OwnThread.Start(body, "DirectMap: changes of files", OwnThread.SmallStack);
            return 0;
        }
        catch (OutOfMemoryException)
        {
            return Errno.EAGAIN;
        }
    }
}
