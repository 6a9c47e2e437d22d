namespace DirectMap.Persistence;

/// <summary>What has to be done for stored bytes to be durable, as libpmem2 has it. The smaller the better: who asks for one is content with a smaller one.</summary>
internal enum Granularity
{
    /// <summary>Nothing but a drain.</summary>
    Byte = 0,

    /// <summary>Their cache lines are flushed.</summary>
    CacheLine = 1,

    /// <summary>Their pages are synced by the kernel.</summary>
    Page = 2,
}
