namespace DirectMap;

/// <summary>What was found when a log was opened.</summary>
public readonly record struct PersistentLogRecovery
{
    /// <summary>The number of the oldest record, or of the next one where there is none; 1 or more.</summary>
    public required long FirstSequence { get; init; }

    /// <summary>The number of the last record, also where that one is lost; 0 or more.</summary>
    /// <remarks>Where there is none, it is one less than <see cref="FirstSequence"/>.</remarks>
    public required long LastSequence { get; init; }

    /// <summary>How many bytes the records take, with what stands before each, and the places of lost ones; 0 or more.</summary>
    public long Length { get; init; }

    /// <summary>The records that were durable and are lost, in order; none in a log that was never damaged.</summary>
    /// <remarks>
    /// With <see cref="PersistentLogOptions.CutAtDamage"/> the others stay, also those behind them; later openings tell of the lost ones
    /// again, until they are given up.
    /// </remarks>
    public IReadOnlyList<PersistentLogGap> Lost { get => field ?? []; init; }

    /// <summary>Why there are no more.</summary>
    public required PersistentLogStop StoppedAt { get; init; }

    /// <summary>How many records were found: the numbers without those in <see cref="Lost"/>; 0 or more.</summary>
    public long Count => LastSequence - FirstSequence + 1 - Lost.Sum(gap => gap.Count);

    /// <summary>Returns a line for messages.</summary>
    public override string ToString() => $"{Count} records from {FirstSequence} on, {Length} bytes, "
        + $"stopped at {StoppedAt}{(Lost.Count > 0 ? $", lost: {string.Join(", ", Lost)}" : "")}";
}
