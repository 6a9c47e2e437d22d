using DirectMap.Linux;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Breakers;

/// <summary>
/// Holds operations on files before they happen, whatever process makes them, until its clients have answered. It knows no lease, no
/// coordinator and no transport. Files are spread over groups by their inode, since each answer wakes everybody who waits in its group.
/// Each group has one thread. They are made when the first file is guarded, and stay: without a file they cost nothing. Safe for any
/// thread.
/// </summary>
internal sealed partial class HoldingEngine
{
    private const int Groups = 8;

    /// <summary>The inode number of the first pid namespace (PROC_PID_INIT_INO).</summary>
    private const ulong HostPidNamespace = 4026531836;

    private readonly UninterruptedLock _setup = new();
    private readonly HoldingGroup?[] _groups = new HoldingGroup?[Groups];
    private readonly ReservedDescriptors _reserved = new();
    private ChangeObserver? _observer;
    private bool _isObserverTried;
    private volatile bool _hasNoObstacle;

    /// <summary>That of this process.</summary>
    internal static HoldingEngine OfProcess { get; } = new();

    /// <summary>Those who wait too long.</summary>
    internal HeldLimits Limits { get; } = new();

    /// <summary>A file, as the engine knows it.</summary>
    /// <param name="description">A descriptor of it, not O_PATH.</param>
    /// <param name="sharesBlocks">Whether its file system may give a copy the file's own blocks.</param>
    /// <param name="client">On whose behalf it is going to be held.</param>
    /// <param name="why">Why it is none; null where it is.</param>
    internal static GuardedFile? FileOf(SafeFileHandle description, bool sharesBlocks, IHoldingClient client, out string? why)
    {
        int number = (int)description.DangerousGetHandle(); // The caller keeps it open.
        int errno = Statx.TryGetOfNumber(number, out ulong device, out ulong inode, out _);
        why = errno == 0 ? null : $"its inode is not known ({ErrnoNames.Of(errno)})";
        return errno == 0 ? new GuardedFile(new InodeKey(device, inode), new FileTraits(inode, sharesBlocks), client) : null;
    }

    /// <summary>Begins to hold operations on a file.</summary>
    /// <param name="file">Which.</param>
    /// <param name="description">A descriptor of it, not O_PATH.</param>
    /// <param name="why">Why it cannot be done, and what would help; null where it is.</param>
    internal bool TryHold(GuardedFile file, SafeFileHandle description, out string? why)
    {
        why = _hasNoObstacle ? null : Obstacle(); // To ask takes longer than all the rest.
        if (why is not null)
        {
            return false;
        }

        _hasNoObstacle = true;

        if (TryGetGroup((int)(file.Key.Inode % Groups), out int failed) is not { } group)
        {
            why = HoldingWords.NoGroup(failed);
            return false;
        }

        _reserved.Fill();
        file.Group = group;
        int errno = group.TryAdd(file, description);
        why = errno == 0 ? null : HoldingWords.NoMark(errno);
        return errno == 0;
    }

    /// <summary>Holds nothing of it any more; what waits is still answered.</summary>
    internal static void Release(GuardedFile file, SafeFileHandle? description)
    {
        file.Group!.Remove(file, description);
        file.Release().ForEach(static call => call.SetEnded());
    }

    private static string? Obstacle()
    {
        if (!SystemCallNumbers.IsKnown)
        {
            return "the numbers of this processor's system calls are not known here";
        }

        if (ProcessIdentity.Current.PidNamespace != HostPidNamespace)
        {
            return HoldingWords.NotHost;
        }

        if (ProcThread.MissingCapability() is { } capability)
        {
            return HoldingWords.NoCalls(capability);
        }

        return ProcThread.TryReadCall(Environment.ProcessId, out _) is not 0 and int errno
            ? HoldingWords.NoCalls($"/proc/TID/syscall: {ErrnoNames.Of(errno)}")
            : null;
    }

    private HoldingGroup? TryGetGroup(int index, out int errno)
    {
        errno = 0;
        using (_setup.Enter())
        {
            if (_groups[index] is { IsGone: false } there)
            {
                return there;
            }

            if (!_isObserverTried)
            {
                _isObserverTried = true;
                _observer = ChangeObserver.TryStart();
            }

            _groups[index] = HoldingGroup.TryStart(_observer, _reserved, out errno);
            return _groups[index];
        }
    }
}
