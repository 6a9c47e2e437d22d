using DirectMap.Linux;

namespace DirectMap.Tests.Children;

/// <summary>What is said of a native library that was compiled for the test.</summary>
internal static class NativeLayoutCases
{
    /// <param name="arguments">A file that may be made, and what is said.</param>
    internal static int SayWhyItIsRefused(string[] arguments)
    {
        Assert.Equal(arguments[1], NativeLibraryLoader.Missing);
        Assert.Equal(NativeLibraryLoader.Missing, FaultHandler.Missing);
        Assert.Equal(NativeLibraryLoader.Missing, CacheFlush.Missing);

        File.WriteAllBytes(arguments[0], new byte[Environment.SystemPageSize]);
        using DirectFile file = DirectFile.Open(arguments[0]);
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        Assert.NotEqual(ContainmentKind.Handler, region.Facts.Containment.Value);
        Assert.Contains(arguments[1], region.Facts.Containment.Reason, StringComparison.Ordinal);
        return 0;
    }

    internal static int SayThatNothingIsMissing(string[] arguments)
    {
        Assert.Null(FaultHandler.Missing);
        Assert.Null(CacheFlush.Missing);
        return 0;
    }
}
