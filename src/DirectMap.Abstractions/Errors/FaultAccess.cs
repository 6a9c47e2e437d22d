namespace DirectMap;

/// <summary>The access that met a fault.</summary>
public enum FaultAccess
{
    /// <summary>A load.</summary>
    Read = 0,

    /// <summary>A store.</summary>
    /// <remarks>It may have gone nowhere.</remarks>
    Write = 1,

    /// <summary>A scope: any of the loads and stores made in it.</summary>
    Scope = 2,

    /// <summary>Making bytes durable.</summary>
    /// <remarks>Nothing is promised of them.</remarks>
    Persist = 3,

    /// <summary>Memory or a sequence that was handed out: any of the loads and stores made through it.</summary>
    Memory = 4,

    /// <summary>Restoring lost pages.</summary>
    /// <remarks>No byte was loaded or stored.</remarks>
    Restore = 5,
}
