using DirectMap.Stores;

namespace DirectMap;

/// <summary>
/// How <see cref="MappedRegion.PersistCopy"/>, <see cref="MappedRegion.PersistMove"/> and <see cref="MappedRegion.PersistFill"/> store, and
/// what they leave to the caller (PMEM2_F_MEM_*).
/// </summary>
[Flags]
public enum StoreFlags
{
    /// <summary>Stores in the way that was measured to be the fastest for the length, and makes the bytes durable.</summary>
    None = 0,

    /// <summary>
    /// The bytes are begun to be written back, and not waited for (PMEM2_F_MEM_NODRAIN): call <see cref="MappedRegion.Drain"/> once after
    /// several.
    /// </summary>
    /// <remarks>Where the granularity is a page there is nothing to leave out.</remarks>
    NoDrain = 1,

    /// <summary>The bytes are only stored (PMEM2_F_MEM_NOFLUSH): call <see cref="MappedRegion.Persist(long, long)"/> afterwards.</summary>
    NoFlush = 2,

    /// <summary>By ordinary stores, which leave the bytes in the caches: for what is read again soon (PMEM2_F_MEM_TEMPORAL).</summary>
    Temporal = 4,

    /// <summary>By stores that go around the caches where the processor has such (PMEM2_F_MEM_NONTEMPORAL).</summary>
    /// <remarks>It does not go together with <see cref="Temporal"/> or <see cref="NoFlush"/>.</remarks>
    NonTemporal = 8,
}
