namespace DirectMap.Breakers;

/// <summary>How a queue was emptied.</summary>
internal enum Drained
{
    /// <summary>There was nothing in it.</summary>
    Nothing,

    /// <summary>All that was told was read.</summary>
    Events,

    /// <summary>It was full, and changes were not told.</summary>
    Overflowed,

    /// <summary>It cannot be read any more.</summary>
    Failed,
}
