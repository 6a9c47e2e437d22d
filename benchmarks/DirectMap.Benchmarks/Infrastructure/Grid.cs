namespace DirectMap.Benchmarks.Infrastructure;

/// <summary>Which values the parameters take: all of them, or with <c>--quick</c> those that the page shows.</summary>
internal static class Grid
{
    private const string Variable = "DIRECTMAP_BENCHMARK_QUICK";

    internal static bool IsQuick
    {
        get => Environment.GetEnvironmentVariable(Variable) == "1";
        set => Environment.SetEnvironmentVariable(Variable, value ? "1" : null); // inherited by the processes that BenchmarkDotNet starts
    }

    /// <summary>Lengths in bytes: 8 B to 64 KiB.</summary>
    internal static int[] Sizes => Of([8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536], [8, 64, 256, 1024, 4096, 16384, 65536]);

    /// <summary>Lengths in bytes of pmembench: 64 B to 8 KiB.</summary>
    internal static int[] PmembenchSizes => Of([64, 128, 256, 512, 1024, 2048, 4096, 8192], [64, 512, 4096]);

    internal static T[] Of<T>(T[] all, T[] quick) => IsQuick ? quick : all;
}
