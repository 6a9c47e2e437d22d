using System.Text.Json;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Commands;

/// <summary>Counts what the whole process writes, so nothing else may run meanwhile.</summary>
[Collection(Alone)]
public sealed class BenchWritesTests : ToolTest
{
    private const string Alone = nameof(BenchWritesTests);

    [Fact]
    public async Task A_persist_that_is_measured_really_writes()
    {
        string path = TestFile.Pattern(Folder, 1 << 20);
        long before = BytesWritten();

        JsonElement json = JsonDocument.Parse((await ToolRun.RunAsync("bench", path, "--json", "--duration", "0.7")).Output).RootElement;

        Requires.Have("device-fs", json.GetProperty("durability").GetString() == "pageCache", "needs a temp folder on a device");
        JsonElement persisted = json.GetProperty("copy").EnumerateArray()
            .Single(copy => copy.GetProperty("what").GetString() == "intoRegionPersisted");
        JsonElement flushed = json.GetProperty("copy").EnumerateArray()
            .Single(copy => copy.GetProperty("what").GetString() == "fileStreamFlushed");
        long copied = persisted.GetProperty("bytes").GetInt64() + flushed.GetProperty("bytes").GetInt64();
        long pages = json.GetProperty("persist").EnumerateArray().Sum(latency =>
            latency.GetProperty("samples").GetInt64() * Math.Max(1, latency.GetProperty("bytes").GetInt64() / Environment.SystemPageSize));
        Assert.InRange(BytesWritten() - before, copied + (pages * Environment.SystemPageSize), long.MaxValue);

        static long BytesWritten() => long.Parse(File.ReadLines("/proc/self/io").Single(line =>
            line.StartsWith("write_bytes: ", StringComparison.Ordinal))["write_bytes: ".Length..]);
    }

    /// <summary>Runs after the tests that run beside each other.</summary>
    [CollectionDefinition(Alone, DisableParallelization = true)]
    public sealed class AloneDefinition;
}
