namespace DirectMap.Leases;

/// <summary>Whose leases have deadlines: what a break knows of its table.</summary>
internal interface IOverdue
{
    FileId File { get; }

    /// <summary>The deadline of a break has passed. Called with no lock held.</summary>
    void SetOverdue(PendingBreak pending);

    /// <summary>Nobody watches the deadline of a break any more. Called with no lock held.</summary>
    void FailRevocations(PendingBreak pending, Exception failure);
}
