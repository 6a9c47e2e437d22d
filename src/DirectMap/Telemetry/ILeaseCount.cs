namespace DirectMap.Telemetry;

/// <summary>Who grants leases, as far as they are counted.</summary>
internal interface ILeaseCount
{
    /// <summary>How many leases are in force now; takes no lock.</summary>
    long LeasesInForce { get; }
}
