namespace DirectMap;

/// <summary>What belongs to an owner of leases, and never hands that owner out: see <see cref="LeaseInfo.IsOwnedBy"/>.</summary>
internal interface IOwned
{
    /// <summary>As in <see cref="LeaseRequest.Owner"/>.</summary>
    object Owner { get; }
}
