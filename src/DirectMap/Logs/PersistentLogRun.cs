namespace DirectMap;

/// <summary>Whole records of a log that follow each other.</summary>
/// <param name="FirstSequence">The number of the first one; 1 or more.</param>
/// <param name="LastSequence">The number of the last one; at least <paramref name="FirstSequence"/>.</param>
public readonly record struct PersistentLogRun(long FirstSequence, long LastSequence)
{
    /// <summary>Returns the numbers, for messages.</summary>
    public override string ToString() =>
        FirstSequence == LastSequence ? $"record {FirstSequence}" : $"records {FirstSequence} to {LastSequence}";
}
