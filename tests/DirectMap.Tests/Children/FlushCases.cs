using DirectMap.Linux;

namespace DirectMap.Tests.Children;

/// <summary>What is said where the native library is missing.</summary>
internal static class FlushCases
{
    internal static int SayWhatIsMissing(string[] arguments)
    {
        Assert.Contains("was not found", CacheFlush.Missing, StringComparison.Ordinal);
        Assert.Equal(CacheFlush.Missing, FaultHandler.Missing);
        Assert.Equal((CacheFlush.Instruction.None, 0u, false), (CacheFlush.Used, CacheFlush.LineSize, CacheFlush.NonTemporalStoresEvict));
        CacheFlush.Drain(); // also then
        return 0;
    }
}
