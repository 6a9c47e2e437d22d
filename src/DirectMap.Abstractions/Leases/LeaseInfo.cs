namespace DirectMap;

/// <summary>A lease in force, as a snapshot saw it.</summary>
public sealed record LeaseInfo
{
    /// <summary>The file.</summary>
    public required FileId File { get; init; }

    /// <summary>Who holds it, in words; null when the holder did not say.</summary>
    public required string? Holder { get; init; }

    /// <summary>The owner, as in <see cref="LeaseRequest.Owner"/>; null where the coordinator does not say.</summary>
    /// <remarks>It is not handed out: who has it can take and break leases in the holder's name.</remarks>
    public object? Owner { private get; init; }

    /// <summary>The bytes covered.</summary>
    public required FileRange Range { get; init; }

    /// <summary>The bytes mapped under it; empty for a lease without a mapping.</summary>
    public required FileRange Mapped { get; init; }

    /// <summary>Shared or exclusive.</summary>
    public required LeaseMode Mode { get; init; }

    /// <summary>Active or Breaking.</summary>
    public required LeaseState State { get; init; }

    /// <summary>When it was taken, by the coordinator's clock (the system's to about 10 ms).</summary>
    public required DateTimeOffset AcquiredAt { get; init; }

    /// <summary>The break, which says since when the lease is Breaking and until when it may; null when it is Active.</summary>
    public LeaseBreak? Break { get; init; }

    /// <summary>Where it was taken: a stack trace; null unless the coordinator was in diagnostic mode then.</summary>
    public string? StackTrace { get; init; }

    /// <summary>Tells one's own leases.</summary>
    /// <param name="owner">The owner, as in <see cref="LeaseRequest.Owner"/>; or what was opened, mapped or leased as that owner: a
    /// DirectFile, a MappedRegion, a lease or right that a DirectFile has given.</param>
    /// <returns>Whether the lease is that one's; false where the coordinator does not say.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="owner"/> is null.</exception>
    public bool IsOwnedBy(object owner)
    {
        ArgumentNullException.ThrowIfNull(owner);
        return Owner is { } holder && (ReferenceEquals(holder, owner) || (owner is IOwned owned && ReferenceEquals(holder, owned.Owner)));
    }

    /// <summary>Returns a line for messages.</summary>
    public override string ToString() =>
        $"{State} {Mode} lease of {Holder ?? "an unnamed holder"} on {Range} of {File} since {AcquiredAt:O}"
        + (Break is null ? "" : $"; {Break}");
}
