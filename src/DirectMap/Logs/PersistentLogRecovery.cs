namespace DirectMap;

/// <summary>What was found when a log was opened.</summary>
public readonly record struct PersistentLogRecovery
{
    /// <summary>The number of the oldest record; 1 or more. Where there is none, the number that the next one gets.</summary>
    public required long FirstSequence { get; init; }

    /// <summary>
    /// The number of the last record, also where that one is lost; 0 or more. Where there is none, one less than
    /// <see cref="FirstSequence"/>.
    /// </summary>
    public required long LastSequence { get; init; }

    /// <summary>How many bytes the records take, with what stands before each, and the places of lost ones; 0 or more.</summary>
    public long Length { get; init; }

    /// <summary>
    /// The records that were durable and are lost, in order; none in a log that was never damaged. With
    /// <see cref="PersistentLogOptions.CutAtDamage"/> the others stay, also those behind them; later openings tell of the lost ones again,
    /// until they are given up.
    /// </summary>
    public IReadOnlyList<PersistentLogGap> Lost { get => field ?? []; init; }

    /// <summary>Why there are no more.</summary>
    public required PersistentLogStop StoppedAt { get; init; }

    /// <summary>How many records were found: the numbers without those in <see cref="Lost"/>; 0 or more.</summary>
    public long Count => LastSequence - FirstSequence + 1 - Lost.Sum(gap => gap.Count);

    /// <summary>Returns a line for logs.</summary>
    public override string ToString() => $"{Count} records from {FirstSequence} on, {Length} bytes, "
        + $"stopped at {StoppedAt}{(Lost.Count > 0 ? $", lost: {string.Join(", ", Lost)}" : "")}";
}
