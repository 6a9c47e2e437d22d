using System.Runtime.InteropServices;

namespace DirectMap.Linux;

/// <summary>pthread_sigmask(3), for SIGBUS in the calling thread.</summary>
internal static unsafe partial class SignalMask
{
    private const int SIG_BLOCK = 0;
    private const int SIG_UNBLOCK = 1;
    private const int SIGBUS = 7;
    private const int Words = 16; // sigset_t, of glibc and musl
    private const ulong Bus = 1UL << (SIGBUS - 1);

    /// <summary>Whether the kernel ends the process at a fault of the calling thread, whatever handler there is.</summary>
    internal static bool IsBusBlocked
    {
        get
        {
            ulong* now = stackalloc ulong[Words];
            return Invoke(SIG_BLOCK, null, now) == 0 && (*now & Bus) != 0;
        }
    }

    /// <summary>The calling thread takes the signal from now on.</summary>
    internal static void UnblockBus()
    {
        ulong* set = stackalloc ulong[Words];
        new Span<ulong>(set, Words).Clear(); // In bounds and alive: the array above.
        *set = Bus;
        _ = Invoke(SIG_UNBLOCK, set, null); // Fails for arguments that are wrong, and for nothing else.
    }

    [LibraryImport(Libc.Name, EntryPoint = "pthread_sigmask")]
    private static partial int Invoke(int how, ulong* set, ulong* former);
}
