namespace DirectMap.Benchmarks.Infrastructure;

/// <summary>
/// Which values the parameters take: all of them; with <c>--quick</c> those that the page shows; with <c>--first</c> one of these, to see
/// whether a benchmark starts.
/// </summary>
internal static class Grid
{
    internal const string Quick = "--quick";
    internal const string First = "--first";

    private const string Variable = "DIRECTMAP_BENCHMARK_GRID";

    /// <summary>One of the two options, or null; the processes that BenchmarkDotNet starts inherit it.</summary>
    internal static string? Selection
    {
        get => Environment.GetEnvironmentVariable(Variable);
        set => Environment.SetEnvironmentVariable(Variable, value);
    }

    /// <summary>Lengths in bytes: 8 B to 64 KiB.</summary>
    internal static int[] Sizes =>
        Of([8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536], [8, 64, 256, 1024, 4096, 16384, 65536]);

    /// <summary>Lengths in bytes of pmembench: 64 B to 8 KiB.</summary>
    internal static int[] PmembenchSizes => Of([64, 128, 256, 512, 1024, 2048, 4096, 8192], [64, 512, 4096]);

    internal static T[] Of<T>(T[] all, T[] quick) => Selection switch
    {
        First => quick[..1],
        Quick => quick,
        _ => all,
    };
}
