namespace DirectMap.Tool.Benchmarking;

/// <summary>What was measured.</summary>
internal sealed record BenchReport(
    string Path,
    long Length,
    bool IsEmulated,
    Stated<DurabilityKind> Durability,
    IReadOnlyList<PersistLatency> Persists,
    IReadOnlyList<CopySpeed> Copies);

/// <summary>How long it takes to persist so many bytes.</summary>
internal readonly record struct PersistLatency(int Bytes, Quantiles Times);

/// <summary>How fast bytes are copied.</summary>
internal readonly record struct CopySpeed(CopyKind Kind, long Bytes, TimeSpan Time)
{
    /// <summary>In GB (10^9 bytes) per second.</summary>
    internal double GigabytesPerSecond => Bytes / Time.TotalSeconds / 1e9;
}

/// <summary>What is copied where.</summary>
internal enum CopyKind
{
    /// <summary>From the region to ordinary memory.</summary>
    OutOfRegion = 0,

    /// <summary>From ordinary memory to the region, not persisted.</summary>
    IntoRegion = 1,

    /// <summary>The same, persisted.</summary>
    IntoRegionPersisted = 2,

    /// <summary>With FileStream.Write, not flushed.</summary>
    FileStream = 3,

    /// <summary>With FileStream.Write and Flush(flushToDisk: true).</summary>
    FileStreamFlushed = 4,
}
