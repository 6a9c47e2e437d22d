using System.Runtime.InteropServices;

namespace DirectMap.Linux;

/// <summary>How a wait on a word ended.</summary>
internal enum FutexEnd
{
    /// <summary>Somebody has woken the word's waiters; what the word is now is to be read.</summary>
    Woken,

    /// <summary>The word was another one when the wait began.</summary>
    ValueChanged,

    /// <summary>Nobody came in time.</summary>
    TimedOut,

    /// <summary>A signal came between; whether to wait on is the caller's choice.</summary>
    Interrupted,
}

/// <summary>
/// futex(2): sleeps until a word of shared memory is reported to have changed, across processes. The kernel knows the word by its place in
/// the file, whatever addresses it has, so all who map the file meet; within one machine only.
/// In memory of the process it is for its threads.
/// <para>
/// A mapping for reading is enough, to wait and to wake. It is the better one: through a writable mapping the kernel asks for the page as a
/// store does, which makes it dirty and may have to wait until it is written back.
/// </para>
/// <para>
/// A wait stays with the page that it began on. Where another page was put in its place meanwhile (a region that is revoked), those who
/// wake through that one do not reach it. So each wait has a bound. A page that cannot be had is an error number here, and no signal.
/// </para>
/// </summary>
internal static unsafe partial class Futex
{
    private const nint FUTEX_WAIT = 0;
    private const nint FUTEX_WAKE = 1;

    /// <summary>SYS_futex. The C library has no function for it.</summary>
    private static readonly nint s_number = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 202,
        Architecture.Arm64 => 98,
        _ => -1, // ENOSYS
    };

    /// <summary>Sleeps while a word is what it was, until it is woken, or for some time.</summary>
    /// <param name="word">A multiple of 4, in a shared mapping that the caller keeps.</param>
    /// <param name="expected">What the word was; if it is another one now, the wait ends at once.</param>
    /// <param name="timeout">For how long at most, on a clock that stands still while the machine sleeps; 0 or more.</param>
    /// <param name="end">How it ended; meaningless with an error number.</param>
    /// <returns>0, or the error number: EFAULT where the page cannot be had, or, in a mapping for reading, is not the file's any more;
    /// ENOSYS or EPERM where the call is not to be had at all.</returns>
    internal static int TryWait(uint* word, uint expected, TimeSpan timeout, out FutexEnd end)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        TimeSpec time = new()
        {
            Seconds = timeout.Ticks / TimeSpan.TicksPerSecond,
            Nanoseconds = timeout.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick,
        };

        // With a GC transition, as every import has one that does not say otherwise: a thread that sleeps here must keep no collection
        // waiting.
        int errno = Invoke(s_number, word, FUTEX_WAIT, (nint)expected, &time, 0, 0) == 0 ? 0 : Errno.Last;
        end = errno switch
        {
            Errno.EAGAIN => FutexEnd.ValueChanged,
            Errno.ETIMEDOUT => FutexEnd.TimedOut,
            Errno.EINTR => FutexEnd.Interrupted,
            _ => FutexEnd.Woken,
        };
        return end == FutexEnd.Woken ? errno : 0;
    }

    /// <summary>Wakes those who wait on a word.</summary>
    /// <param name="word">A multiple of 4, in a shared mapping that the caller keeps.</param>
    /// <param name="count">How many of them at most.</param>
    /// <param name="woken">How many there were, 0 with an error number.</param>
    /// <returns>0, or the error number, as for a wait.</returns>
    internal static int TryWake(uint* word, int count, out int woken)
    {
        nint result = Invoke(s_number, word, FUTEX_WAKE, count, null, 0, 0);
        woken = result < 0 ? 0 : (int)result;
        return result < 0 ? Errno.Last : 0;
    }

    [LibraryImport(Libc.Name, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Invoke(
        nint number, uint* word, nint operation, nint value, TimeSpec* timeout, nint secondWord, nint thirdValue);

    /// <summary>struct timespec</summary>
    private struct TimeSpec
    {
        internal long Seconds;
        internal long Nanoseconds;
    }
}
