namespace DirectMap;

/// <summary>The access that met a fault.</summary>
public enum FaultAccess
{
    /// <summary>A load.</summary>
    Read = 0,

    /// <summary>A store. It may have gone nowhere.</summary>
    Write = 1,

    /// <summary>A scope: any of the loads and stores made in it.</summary>
    Scope = 2,

    /// <summary>Making bytes durable. Nothing is promised of them.</summary>
    Persist = 3,

    /// <summary>Memory or a sequence that was handed out: any of the loads and stores made through it.</summary>
    Memory = 4,

    /// <summary>Restoring lost pages. No byte was loaded or stored.</summary>
    Restore = 5,
}
