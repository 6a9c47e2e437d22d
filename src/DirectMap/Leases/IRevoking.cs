namespace DirectMap.Leases;

/// <summary>Who has overdue leases to be revoked: all that <see cref="RevocationThreads"/> know of a table.</summary>
internal interface IRevoking
{
    /// <summary>Revokes what is overdue. Called with no lock held.</summary>
    void ServeRevocations();
}
