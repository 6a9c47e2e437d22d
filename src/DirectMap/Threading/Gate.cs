using System.Diagnostics.CodeAnalysis;

namespace DirectMap.Threading;

/// <summary>
/// The lock of one file's leases: held for a few dozen instructions, never across anything that waits or runs user code, and taken twice
/// for each lease. One interlocked instruction to enter, none to leave; the BCL's locks have two, and its SpinLock more to check, of which
/// a lease would notice 3 ns of 48. Who finds it taken spins, then yields, then sleeps, as SpinWait does. It is not reentrant.
/// <para>
/// Leaving is a store with release semantics: what was done inside is seen by the next one, whose entering compare-and-swap reads it.
/// </para>
/// </summary>
internal struct Gate
{
    private int _taken;

    /// <summary>Enters; dispose what it returns to leave.</summary>
    [UnscopedRef]
    internal Entered Enter()
    {
        if (Interlocked.CompareExchange(ref _taken, 1, 0) != 0)
        {
            Wait();
        }

        GateWatch.Entered();
        return new Entered(ref _taken);
    }

    /// <summary>
    /// A thread that sleeps can be interrupted; but who lets go of a lease must not be kept from it. The interrupt is for whatever the
    /// thread waits for next.
    /// </summary>
    private void Wait()
    {
        bool interrupted = false;
        SpinWait spin = default;
        do
        {
            try
            {
                spin.SpinOnce();
            }
            catch (ThreadInterruptedException)
            {
                interrupted = true;
            }
        }
        while (Volatile.Read(ref _taken) != 0 || Interlocked.CompareExchange(ref _taken, 1, 0) != 0);

        if (interrupted)
        {
            Thread.CurrentThread.Interrupt();
        }
    }

    internal readonly ref struct Entered(ref int taken)
    {
        private readonly ref int _taken = ref taken;

        public void Dispose()
        {
            GateWatch.Left();
            Volatile.Write(ref _taken, 0);
        }
    }
}
