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
        _lock.Enter(ref taken);
        return new Entered(ref _lock);
    }

    internal readonly ref struct Entered(ref SpinLock spin)
    {
        private readonly ref SpinLock _spin = ref spin;

        public void Dispose() => _spin.Exit(useMemoryBarrier: false);
    }
}
