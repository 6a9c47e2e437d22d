namespace DirectMap;

/// <summary>The states of a layout lease.</summary>
/// <remarks>It only ever moves forward.</remarks>
public enum LeaseState
{
    /// <summary>Held; nobody asked for the file's layout.</summary>
    Active = 0,

    /// <summary>A breaker wants the layout; the holder has until the deadline to let go.</summary>
    /// <remarks>A mapping under the lease is still fully usable.</remarks>
    Breaking = 1,

    /// <summary>The deadline passed and the holder was invalidated.</summary>
    /// <remarks>The state is final.</remarks>
    Revoked = 2,

    /// <summary>The holder let go.</summary>
    /// <remarks>The state is final.</remarks>
    Released = 3,
}
