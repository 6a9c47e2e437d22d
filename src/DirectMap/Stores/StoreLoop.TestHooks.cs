namespace DirectMap.Stores;

/// <content>For tests and benchmarks only: what the processor has.</content>
internal static unsafe partial class StoreLoop
{
    /// <summary>Bytes of the widest vector that is used; 8 where there is none.</summary>
    internal static int Widest => Has512 ? 64 : Has256 ? 32 : Has128 ? 16 : 8;
}
