namespace DirectMap;

/// <summary>The unit in which stores to a mapping become durable, and so what making them durable takes (PMEM2_GRANULARITY_*).</summary>
/// <remarks>A smaller one is better: it compares as less.</remarks>
public enum PersistGranularity
{
    /// <summary>
    /// Single bytes: a store is durable once it is visible to other processors (the processor's caches are within the persistence domain,
    /// eADR).
    /// </summary>
    /// <remarks>A fence is all it takes.</remarks>
    Byte = 0,

    /// <summary>
    /// Cache lines: those that hold the bytes have to be written back from the processor's caches, without a system call.
    /// </summary>
    CacheLine = 1,

    /// <summary>Pages: those that hold the bytes have to be written to the device, by msync(2).</summary>
    Page = 2,
}
