namespace DirectMap;

/// <summary>The states of a layout lease. It only ever moves forward.</summary>
public enum LeaseState
{
    /// <summary>Held; nobody asked for the file's layout.</summary>
    Active = 0,

    /// <summary>
    /// A breaker wants the layout; the holder has until the deadline to let go. A mapping under the lease is still fully usable.
    /// </summary>
    Breaking = 1,

    /// <summary>The deadline passed and the holder was invalidated. Final.</summary>
    Revoked = 2,

    /// <summary>The holder let go. Final.</summary>
    Released = 3,
}
