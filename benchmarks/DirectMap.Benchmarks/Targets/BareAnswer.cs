namespace DirectMap.Benchmarks.Targets;

/// <summary>What <see cref="BareGuard"/> does with an event before it allows the operation.</summary>
internal enum BareAnswer
{
    /// <summary>Nothing.</summary>
    AtOnce,

    /// <summary>It reads which system call the thread is in.</summary>
    Identified,

    /// <summary>It hands the event to another thread, and waits until that hands it back.</summary>
    HandedBack,

    /// <summary>The same by the thread pool, where a holder's callbacks run.</summary>
    HandedToPool,
}
