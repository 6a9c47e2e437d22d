using DirectMap.Linux;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Breakers;

/// <summary>
/// Descriptors that are kept for events: each one that waits takes one, and where there is none the kernel refuses the operation (EPERM),
/// also one that nobody minds. They are given up when the process has none left, and taken again when it is asked for more files.
/// </summary>
internal sealed class ReservedDescriptors
{
    private const int Wanted = 128;

    private readonly UninterruptedLock _gate = new();
    private readonly List<SafeFileHandle> _kept = [];

    /// <summary>Takes as many as are wanted, or as there are.</summary>
    internal void Fill()
    {
        using (_gate.Enter())
        {
            while (_kept.Count < Wanted && EventFd.TryCreate(out SafeFileHandle one) == 0)
            {
                _kept.Add(one);
            }
        }
    }

    /// <summary>Gives them up where an error says that there are no others.</summary>
    /// <returns>Whether there were any.</returns>
    internal bool TryRelease(int errno)
    {
        if (errno != Errno.EMFILE)
        {
            return false;
        }

        using (_gate.Enter())
        {
            bool had = _kept.Count > 0;
            _kept.ForEach(static one => one.Dispose());
            _kept.Clear();
            return had;
        }
    }
}
