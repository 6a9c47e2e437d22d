namespace DirectMap.Linux;

/// <content>For tests and benchmarks only: what the native library has chosen.</content>
internal static unsafe partial class CacheFlush
{
    /// <summary>Which instruction flushes.</summary>
    internal static Instruction Used => s_facts.Used;

    /// <summary>Bytes of a cache line, a power of two; 0 where lines cannot be flushed.</summary>
    internal static nuint LineSize => s_facts.LineSize;
}
