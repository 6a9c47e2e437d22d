namespace DirectMap.Breakers;

/// <summary>An event, as the kernel tells it: a thread is about to open a file, or to do something to bytes of it, and waits.</summary>
/// <param name="IsOpening">Whether it is going to open it.</param>
/// <param name="Thread">Which thread; 0 for one of another pid namespace.</param>
/// <param name="Range">The bytes, rounded outward to pages; empty where the kernel does not say, and for an opening.</param>
/// <param name="Size">How long the file is, in bytes.</param>
internal readonly record struct AskedAccess(bool IsOpening, int Thread, FileRange Range, long Size)
{
    /// <summary>Whether somebody may have it open for writing, or mapped writable.</summary>
    internal bool HasWriters { get; init; } = true;

    /// <summary>Whether somebody holds what lies behind the file's end, which a descriptor that appends writes to.</summary>
    internal bool IsEndHeld { get; init; }

    /// <summary>What the thread was let go for before, as far as it is not known to have ended; null for nothing.</summary>
    internal HeldCall? Before { get; init; }

    /// <summary>From the file's end on.</summary>
    internal FileRange BeyondEnd => FileRange.From(Size);

    /// <summary>What it may touch at most, before it is known what it is.</summary>
    internal FileRange MostRange => IsOpening || Range.Length == 0 ? FileRange.Whole : Range;
}
