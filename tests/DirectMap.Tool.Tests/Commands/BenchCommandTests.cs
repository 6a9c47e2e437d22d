using System.Text.Json;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Rendering;
using DirectMap.Tool.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Commands;

public sealed class BenchCommandTests : ToolTest
{
    [Theory]
    [InlineData(8, 1)]
    [InlineData(100, 1)]
    [InlineData(5000, 2)]
    [InlineData((3 << 20) + 77, 3)]
    public async Task What_is_measured_is_plausible_and_the_content_stays(int length, int persists)
    {
        string path = TestFile.Pattern(Folder, length);
        byte[] content = File.ReadAllBytes(path);

        ToolResult result = await ToolRun.RunAsync("bench", path, "--json", "--duration", "0.3");

        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Equal(content, File.ReadAllBytes(path));
        JsonElement json = JsonDocument.Parse(Assert.Single(result.Lines)).RootElement;
        Assert.Equal((path, length), (json.GetProperty("path").GetString(), json.GetProperty("length").GetInt32()));
        JsonElement[] latencies = [.. json.GetProperty("persist").EnumerateArray()];
        Assert.Equal(((int[])[8, 4096, 65536])[..persists], latencies.Select(latency => latency.GetProperty("bytes").GetInt32()));
        Assert.All(latencies, latency =>
        {
            Assert.InRange(latency.GetProperty("samples").GetInt32(), 1, int.MaxValue);
            Assert.InRange(latency.GetProperty("medianMicroseconds").GetDouble(), 0.1, latency.GetProperty("p99Microseconds").GetDouble());
        });
        JsonElement[] copies = [.. json.GetProperty("copy").EnumerateArray()];
        Assert.Equal(
            ["outOfRegion", "intoRegion", "intoRegionPersisted", "fileStream", "fileStreamFlushed"],
            copies.Select(copy => copy.GetProperty("what").GetString()));
        Assert.All(copies, copy => Assert.InRange(copy.GetProperty("bytes").GetInt64(), length, long.MaxValue));
    }

    [Fact]
    public async Task The_figures_are_one_a_line_for_scripts_and_a_table_for_people()
    {
        string path = TestFile.Pattern(Folder, 1 << 20);

        ToolResult plain = await ToolRun.RunAsync("bench", path, "--duration", "0.2");
        ToolResult table = await ToolRun.OnTerminalAsync(80, hasColor: true, "bench", path, "--duration", "0.2");

        Assert.Matches("^median [0-9.]+ us, p99 [0-9.]+ us, samples [0-9]+$", plain.Fact("persist 4096"));
        Assert.Matches("^[0-9.]+ GB/s$", plain.Fact("copy file-stream-flushed"));
        Assert.Contains("│ 64 KiB  │", table.Seen, StringComparison.Ordinal);
        Assert.Contains("│ FileStream.Write, FlushToDisk │", table.Seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_leaves_the_content_as_it_was()
    {
        string path = TestFile.Pattern(Folder, 8 << 20);
        byte[] content = File.ReadAllBytes(path);
        DateTime before = File.GetLastWriteTimeUtc(path);

        ToolResult result = await ToolProcess.InterruptAsync(
            _ => File.GetLastWriteTimeUtc(path) != before, ToolProcess.SIGINT, "bench", path, "--duration", "60");

        Assert.Equal((130, ""), (result.Code, result.Output));
        Assert.Contains("interrupted: ", result.ErrorLine, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllBytes(path));
    }

    [Fact]
    public async Task What_cannot_be_mapped_is_1_with_the_command_that_helps()
    {
        string path = TestFile.Hole(Folder);

        ToolResult result = await ToolRun.RunAsync("bench", path);

        Assert.Equal((1, ""), (result.Code, result.Output));
        Assert.Contains("Hole", result.ErrorLine, StringComparison.Ordinal);
        Assert.EndsWith($"; try: directmap prepare {path}", result.ErrorLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--duration", "0")]
    [InlineData("--duration", "-1")]
    [InlineData("--duration", "long")]
    [InlineData("--duration", "NaN")]
    [InlineData("--duration", "1e9")]
    [InlineData("--duration", "1,5")]
    public async Task A_duration_that_is_none_is_2(params string[] duration) =>
        Assert.Equal(2, (await ToolRun.RunAsync(["bench", TestFile.Written(Folder), .. duration])).Code);

    [Fact]
    public async Task A_file_too_short_to_be_measured_is_1()
    {
        ToolResult result = await ToolRun.RunAsync("bench", TestFile.Pattern(Folder, 7));

        Assert.Equal(1, result.Code);
        Assert.Contains("has 7 bytes", result.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_missing_is_3() => Assert.Equal(3, (await ToolRun.RunAsync("bench", Folder.File("missing"))).Code);
}
