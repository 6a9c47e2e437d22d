namespace DirectMap.Telemetry;

/// <summary>The address ranges of one configuration. Mappings refer to it, so they are counted as long as there are any.</summary>
internal sealed class RegionCounts
{
    private long _active;
    private long _replaced;

    /// <summary>Those that reach the file.</summary>
    internal long Active => Volatile.Read(ref _active);

    /// <summary>Those that hold other pages by now, and are not given back yet.</summary>
    internal long Replaced => Volatile.Read(ref _replaced);

    internal void Attached() => Interlocked.Increment(ref _active);

    /// <summary>Disposed or revoked, whatever becomes of its pages.</summary>
    internal void Ended() => Interlocked.Decrement(ref _active);

    internal void Replacing() => Interlocked.Increment(ref _replaced);

    internal void Unmapped(bool wasReplaced)
    {
        if (wasReplaced)
        {
            Interlocked.Decrement(ref _replaced);
        }
    }
}
