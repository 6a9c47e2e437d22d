namespace DirectMap;

/// <summary>A request for a lease, or for the upgrade of one, that waits, as a snapshot saw it.</summary>
public sealed record LeaseWaiterInfo
{
    /// <summary>The file.</summary>
    public required FileId File { get; init; }

    /// <summary>Who asks, in words; null when the request did not say.</summary>
    public required string? Holder { get; init; }

    /// <summary>The bytes wanted.</summary>
    public required FileRange Range { get; init; }

    /// <summary>The mode wanted.</summary>
    public required LeaseMode Mode { get; init; }

    /// <summary>Whether it is the upgrade of a lease that is held already.</summary>
    public required bool IsUpgrade { get; init; }

    /// <summary>When it arrived, by the coordinator's clock (the system's to about 10 ms).</summary>
    public required DateTimeOffset ArrivedAt { get; init; }

    /// <summary>Returns a line for messages.</summary>
    public override string ToString() =>
        $"waiting {(IsUpgrade ? "upgrade to" : "request for")} {Mode} lease of {Holder ?? "an unnamed holder"} on {Range} of "
        + $"{File} since {ArrivedAt:O}";
}
