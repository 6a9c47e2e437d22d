namespace DirectMap;

/// <summary>Records of a <see cref="PersistentLog"/> that were durable and are lost.</summary>
/// <param name="FirstSequence">The number of the first one; 1 or more.</param>
/// <param name="LastSequence">The number of the last one; at least <paramref name="FirstSequence"/>.</param>
public readonly record struct PersistentLogGap(long FirstSequence, long LastSequence)
{
    /// <summary>How many records are lost; 1 or more.</summary>
    public long Count => LastSequence - FirstSequence + 1;

    /// <summary>Returns the numbers, for messages.</summary>
    public override string ToString() => Count == 1 ? $"record {FirstSequence}" : $"records {FirstSequence} to {LastSequence}";
}
