namespace DirectMap.Leases;

/// <summary>Whose leases have deadlines: what whoever watches the deadlines, and whoever revokes, must know of a table.</summary>
internal interface IOverdue
{
    FileId File { get; }

    /// <summary>The deadline of a break has passed. Called with no lock held.</summary>
    void SetOverdue(PendingBreak pending);

    /// <summary>Nobody watches the deadline of a break any more. Called with no lock held.</summary>
    void FailRevocations(PendingBreak pending, Exception failure);

    /// <summary>Revokes what is overdue. Called with no lock held.</summary>
    void ServeRevocations();
}
