namespace DirectMap.Durability;

/// <summary>The best granularity that a mapping has.</summary>
/// <param name="Granularity">What it is.</param>
/// <param name="Reason">Why it is not better, in words: the first fact that is missing; null where it is the best there is.</param>
internal readonly record struct EffectiveGranularity(PersistGranularity Granularity, string? Reason)
{
    /// <summary>The same, as a region says it.</summary>
    internal Stated<PersistGranularity> Stated => new(Granularity, Reason ?? "nothing is missing");

    /// <summary>Decides it. A pure function of the facts.</summary>
    /// <param name="isDax">Whether the file's pages are the memory itself (statx: STATX_ATTR_DAX).</param>
    /// <param name="syncMissing">Why it is not mapped with MAP_SYNC; null when it is: only then are the file's blocks durable before a
    /// store can reach them.</param>
    /// <param name="domain">The machine's persistence domain.</param>
    /// <param name="flushMissing">Why cache lines cannot be flushed; null when they can.</param>
    internal static EffectiveGranularity Of(bool isDax, string? syncMissing, PersistenceDomain domain, string? flushMissing)
    {
        if (!isDax)
        {
            return new EffectiveGranularity(PersistGranularity.Page, "the file is not on persistent memory (no DAX)");
        }

        if (syncMissing is not null)
        {
            return new EffectiveGranularity(PersistGranularity.Page, syncMissing);
        }

        return domain.Kind switch
        {
            PersistenceDomainKind.CpuCache => new EffectiveGranularity(PersistGranularity.Byte, null),

            // Where nobody says that what left the caches is safe, only the kernel can make it so (it has the flush hints of the platform,
            // which is what msync ends with). libpmem2 takes the flush for enough; but ordinary memory that was declared persistent on the
            // kernel's command line (memmap=) has MAP_SYNC and no domain, too.
            PersistenceDomainKind.Unknown =>
                new EffectiveGranularity(PersistGranularity.Page, $"the persistence domain is unknown: {domain.Reason}"),
            _ when flushMissing is not null =>
                new EffectiveGranularity(PersistGranularity.Page, $"cache lines cannot be flushed: {flushMissing}"),
            _ => new EffectiveGranularity(
                PersistGranularity.CacheLine, $"the processor's caches are not in the persistence domain (no eADR): {domain.Reason}"),
        };
    }

    /// <summary>Whether who asks for this much is content.</summary>
    internal bool Meets(PersistGranularity requested) => Granularity <= requested;
}
