using DirectMap.Linux;
using DirectMap.Threading;

namespace DirectMap.Logs;

/// <summary>
/// What one thread sleeps for, until another one tells it to look again. One system call to sleep and one to wake, where the BCL's events
/// take a lock around both, so that who is woken waits once more for it: an append of one of eight threads takes half as many switches of
/// context, or a quarter of those with the events' spinning. Where there is no futex(2) it is such an event.
/// <para>
/// A thread that sleeps here is not interrupted: an interrupt is for whatever it waits for next. A sleep may end without a reason, and a
/// wake-up that comes first is kept: the next sleep ends at once. So who sleeps looks again at what it waits for.
/// </para>
/// </summary>
internal sealed unsafe class WakeUp
{
    private const uint Nothing = 0;
    private const uint Told = 1;
    private const uint Asleep = 2;

    private static readonly bool s_hasFutex = HasFutex();

    /// <summary>Whoever should be woken and is not would be a defect; it goes on all the same.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(10);

    /// <summary>One word, where it stays: the kernel goes by its address.</summary>
    private readonly uint[] _word = GC.AllocateArray<uint>(1, pinned: true);

    private readonly ManualResetEventSlim? _event;

    internal WakeUp()
        : this(s_hasFutex)
    {
    }

    /// <param name="usesFutex">Where there is none it is false.</param>
    internal WakeUp(bool usesFutex) => _event = usesFutex ? null : new ManualResetEventSlim();

    /// <summary>Sleeps until <see cref="Wake"/>, or ends at once where that was called since the last sleep.</summary>
    internal void Sleep()
    {
        if (_event is not null)
        {
            Uninterrupted.Wait(_event);
            _event.Reset();
            return;
        }

        ref uint word = ref _word[0];
        if (Interlocked.CompareExchange(ref word, Asleep, Nothing) == Nothing)
        {
            // In bounds and alive: the array is pinned, and this object keeps it until the call has returned.
            fixed (uint* place = _word)
            {
                _ = Futex.TryWait(place, Asleep, s_longest, out _); // Whatever ends it: the caller looks again.
            }
        }

        Interlocked.Exchange(ref word, Nothing);
    }

    /// <summary>Has the thread look again. What was stored before is seen by it.</summary>
    internal void Wake()
    {
        if (_event is not null)
        {
            Uninterrupted.Set(_event);
        }
        else if (Interlocked.Exchange(ref _word[0], Told) == Asleep)
        {
            fixed (uint* place = _word)
            {
                _ = Futex.TryWake(place, 1, out _);
            }
        }
    }

    private static bool HasFutex()
    {
        uint word = 0;
        return OperatingSystem.IsLinux() && Futex.TryWake(&word, 1, out _) == 0;
    }
}
