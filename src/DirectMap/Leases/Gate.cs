namespace DirectMap.Leases;

/// <summary>
/// The lock of one file's leases: held for a few dozen instructions, never across anything that waits or runs user code, and taken twice for each lease. The BCL's SpinLock costs one
/// interlocked instruction for each time, its other locks two; a waiter that spins in vain yields, then sleeps. It is not reentrant.
/// </summary>
internal struct Gate
{
    private SpinLock _lock;

    public Gate() => _lock = new SpinLock(enableThreadOwnerTracking: false);

    /// <summary>Enters; dispose what it returns to leave.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    internal Entered Enter()
    {
        bool taken = false;
        _lock.TryEnter(ref taken);
        if (!taken)
        {
            EnterSlowly();
        }

        return new Entered(ref _lock);
    }

    /// <summary>A waiter that sleeps can be interrupted; but who lets go of a lease must not be kept from it. The interrupt is for whatever the thread waits for next.</summary>
    private void EnterSlowly()
    {
        bool taken = false;
        bool interrupted = false;
        while (!taken)
        {
            try
            {
                _lock.Enter(ref taken);
            }
            catch (ThreadInterruptedException)
            {
                interrupted = true;
            }
        }

        if (interrupted)
        {
            Thread.CurrentThread.Interrupt();
        }
    }

    internal readonly ref struct Entered(ref SpinLock spin)
    {
        private readonly ref SpinLock _spin = ref spin;

        public void Dispose() => _spin.Exit(useMemoryBarrier: false);
    }
}
