namespace DirectMap.Threading;

/// <summary>
/// A lock that no interrupt keeps anybody from. What it guards is short, and often gives something back: a thread that is interrupted while
/// it waits for the lock still gets it, and keeps the interrupt for whatever it waits for next. So no lock of the library ends in a
/// <see cref="ThreadInterruptedException"/>; what may end so is a wait for others that says it. It is reentrant, as
/// <see cref="Lock"/> is.
/// </summary>
internal sealed class UninterruptedLock
{
    private readonly Lock _lock = new();

    /// <summary>Enters; dispose what it returns to leave, on the same thread.</summary>
    internal Entered Enter()
    {
        if (!_lock.TryEnter())
        {
            Uninterrupted.Run(_lock, static @lock => @lock.Enter());
        }

        return new Entered(_lock);
    }

    internal readonly ref struct Entered(Lock? @lock)
    {
        public void Dispose() => @lock?.Exit(); // One that was never entered is left, too.
    }
}
