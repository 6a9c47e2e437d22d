namespace DirectMap.FaultMatrix.Mapped;

/// <summary>With what a cell makes its access.</summary>
internal enum How
{
    /// <summary>The library with its native handler.</summary>
    Handler,

    /// <summary>The library where the native handler is missing.</summary>
    Copies,

    /// <summary>The library, told not to contain faults.</summary>
    Off,

    /// <summary>MemoryMappedViewAccessor.</summary>
    Bcl,
}
