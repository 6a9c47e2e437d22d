using System.Diagnostics;
using DirectMap.Benchmarks.Targets;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Benchmarks.Tests;

/// <summary>The targets command, and its neighbours, where something is missing, or somebody stops it.</summary>
public sealed class TargetsTests
{
    private const string Memory = "DIRECTMAP_BENCHMARKS_MEMORY";

    /// <summary>Where no file can be made: /dev/shm of a container, which has 64 MiB, and any folder of somebody else's.</summary>
    [Fact]
    public async Task A_file_that_cannot_be_made_is_a_line_that_is_not_measured_and_ends_nothing()
    {
        (int exitCode, string output) = await Run("/proc", ["targets", "span-scan", "scope", "--short"]);

        Assert.Equal(0, exitCode);
        string[] lines = [.. output.Split('\n').Where(line => line.Contains("not measured", StringComparison.Ordinal))];
        Assert.StartsWith("span-scan ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("scope ", lines[1], StringComparison.Ordinal);
    }

    /// <summary>It starts another process, and threads that everybody waits for; where no file can be guarded it says so.</summary>
    [Fact]
    public async Task What_a_guard_costs_is_measured_where_there_is_one_and_ends_soon()
    {
        (int exitCode, string output) = await Run(Path.GetTempPath(), ["targets", "guard", "--short"]).WaitAsync(Soon.Patience);

        Assert.Equal(0, exitCode);
        string[] lines = [.. output.Split('\n').Where(line => line.StartsWith("guard ", StringComparison.Ordinal))];
        Assert.Equal(CanGuard() ? 15 : 1, lines.Length);
        Assert.All(lines, line => Assert.EndsWith(CanGuard() ? "| not judged" : "| not measured", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_folder_that_there_is_not_is_said_to_be_missing()
    {
        (int exitCode, string output) = await Run("/nonexistent", ["targets", "scope", "--short"]);

        Assert.Equal(64, exitCode);
        Assert.Contains("no folder '/nonexistent'", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("target")]
    [InlineData("Scope")]
    public async Task A_command_that_there_is_not_is_refused(string word)
    {
        (int exitCode, string output) = await Run(Path.GetTempPath(), [word]);

        Assert.Equal(64, exitCode);
        Assert.Contains($"no command '{word}'", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_stops_it_is_left_no_file()
    {
        using TestDirectory directory = new();
        using Process command = Start(directory.Path, ["targets", "scope"]);
        Task<string> output = command.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Soon.Until(() => command.HasExited || Directory.GetFiles(directory.Path).Length > 0, "the command makes a file");
        Assert.False(command.HasExited);

        using (Process kill = Process.Start("kill", ["-TERM", $"{command.Id}"]))
        {
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await command.WaitForExitAsync(TestContext.Current.CancellationToken);
        await output;
        Assert.NotEqual(0, command.ExitCode);
        Assert.Empty(Directory.GetFiles(directory.Path));
    }

    [Fact]
    public void A_setup_that_failed_can_be_cleaned_up_after_itself()
    {
        BlockMapBenchmarks benchmarks = new();
        benchmarks.Cleanup();
        benchmarks.Cleanup();
    }

    private static bool CanGuard()
    {
        using TestDirectory directory = new(Place.Disk);
        try
        {
            DirectFile.Create(
                directory.File("guarded"),
                4096,
                DirectFileOptions.Default with { Guard = GuardOptions.Required(ProtectionLevel.Proved) }).Dispose();
            return true;
        }
        catch (NotSupportedException)
        {
            return false;
        }
    }

    private static async Task<(int ExitCode, string Output)> Run(string memory, string[] arguments)
    {
        using Process command = Start(memory, arguments);
        Task<string> output = command.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> error = command.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await command.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (command.ExitCode, await output + await error);
    }

    private static Process Start(string memory, string[] arguments)
    {
        ProcessStartInfo start = new(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [typeof(Line).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        start.Environment[Memory] = memory;
        return Process.Start(start)!;
    }
}
