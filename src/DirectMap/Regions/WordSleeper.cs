namespace DirectMap.Regions;

/// <summary>
/// One who sleeps on a <see cref="SharedWord"/>, and can be interrupted by others of his process: either he sees that he was interrupted
/// before he sleeps, or whoever interrupts him sees that he is about to, and wakes him until he is out.
/// </summary>
internal sealed class WordSleeper(SharedWord word)
{
    private int _passages; // odd while he is in, or about to be
    private volatile bool _isInterrupted;

    /// <summary>Forgets former interrupts. Before the sleeper looks at what they may be about.</summary>
    internal void Begin()
    {
        word.Listen();
        _isInterrupted = false;
        Interlocked.MemoryBarrier(); // The flag first, then the looks.
    }

    /// <inheritdoc cref="SharedWord.Sleep"/>
    internal void Sleep(uint expected, TimeSpan bound)
    {
        Interlocked.Increment(ref _passages); // A full fence, as in Interrupt.
        try
        {
            if (!_isInterrupted)
            {
                word.Sleep(expected, bound);
            }
        }
        finally
        {
            Interlocked.Increment(ref _passages);
        }
    }

    /// <summary>Ends a sleep. Safe for any thread.</summary>
    internal void Interrupt()
    {
        _isInterrupted = true;
        Interlocked.MemoryBarrier();
        int passages = Volatile.Read(ref _passages);
        while (int.IsOddInteger(passages) && Volatile.Read(ref _passages) == passages)
        {
            word.Wake();
            Thread.Yield();
        }
    }
}
