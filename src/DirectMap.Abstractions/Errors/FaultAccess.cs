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
}
