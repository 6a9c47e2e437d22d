using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Docs;

/// <summary>
/// Every block of shell commands in README.md and docs/ is run, or stands here with the reason why not, and with what it names.
/// </summary>
public sealed class CommandTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    /// <summary>What a test cannot run.</summary>
    private static readonly NotRun[] s_notRun = [.. OfTheRepository(), .. OfTheBenchmarks(), .. OfAProgram(), .. OfTheTool()];

    [Fact]
    public void Commands_are_run_or_listed_with_the_reason()
    {
        foreach (CodeBlock block in Page.All.SelectMany(page => page.Blocks).Where(block => block.Kind == CodeBlock.Shell))
        {
            string[] commands = Commands(block);
            string[] listed = [.. commands.Where(command => s_notRun.Any(entry => entry.Command == command))];
            if (listed.Length == commands.Length)
            {
                continue;
            }

            Assert.True(
                listed.Length == 0,
                $"{block.Place}: some of it is in the table and some is not: {string.Join("; ", commands.Except(listed))}");
            string? failure = RealFileSystems.Run("bash", "-ec", $"cd '{_directory.Path}'\n{block.Text}");
            Assert.True(failure is null, $"{block.Place}: {failure}");
        }
    }

    [Fact]
    public void What_is_listed_is_shown_and_names_what_exists()
    {
        string[] shown = [.. Page.All.SelectMany(page => page.Blocks).Where(block => block.Kind == CodeBlock.Shell).SelectMany(Commands)];
        foreach (NotRun entry in s_notRun)
        {
            Assert.Contains(entry.Command, shown);
            Assert.All(entry.Names, name => Assert.True(File.Exists(Repository.File(name)), $"{entry.Command}: there is no {name}"));
            if (entry.In is { } file)
            {
                Assert.Contains(entry.As ?? entry.Command, File.ReadAllText(Repository.File(file)));
            }
        }
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Its lines without comments.</summary>
    private static string[] Commands(CodeBlock block) =>
        CodeBlock.Trim(block.Lines.Select(line => line.Split(" # ")[0]).Where(line => !line.StartsWith('#')));

    /// <summary>Builds and tests of the repository.</summary>
    private static NotRun[] OfTheRepository() =>
    [
        new("dotnet run --project samples/QuickStart", "builds; CI runs it")
        {
            Names = ["samples/QuickStart/QuickStart.csproj"],
            In = ".ci/run"
        },
        new("dotnet run --project samples/Watch", "as above")
        {
            Names = ["samples/Watch/Watch.csproj"],
            In = ".ci/run"
        },
        new("dotnet run --project samples/Guard", "as above")
        {
            Names = ["samples/Guard/Guard.csproj"],
            In = ".ci/run"
        },
        new("dotnet test", "would run itself; CI runs it")
        {
            Names = ["DirectMap.sln", "tests/DirectMap.Tests/DirectMap.Tests.csproj"],
            In = ".ci/run"
        },
        new("dotnet run -c Release --project tests/DirectMap.BreakerTable -- /mnt/xfs", "builds, and wants such a mount; CI makes its own")
        {
            Names = ["tests/DirectMap.BreakerTable/DirectMap.BreakerTable.csproj", "tests/DirectMap.BreakerTable/legs.sh"],
            In = ".ci/run",
            As = "tests/DirectMap.BreakerTable/legs.sh"
        },
        new("bash .ci/run", "is CI") { Names = [".ci/run"] },
        new("dotnet pack -c Release -o packages", "builds; CI packs, and uses the packages")
        {
            Names = ["src/DirectMap/DirectMap.csproj"],
            In = ".ci/run",
            As = "dotnet pack -c Release"
        },
    ];

    /// <summary>Benchmarks, which take long.</summary>
    private static NotRun[] OfTheBenchmarks() =>
    [
        new(
            "dotnet run -c Release --project benchmarks/DirectMap.Benchmarks -- --quick --filter '*'",
            "takes a quarter of an hour; CI starts one benchmark of each category")
        {
            Names = ["benchmarks/DirectMap.Benchmarks/DirectMap.Benchmarks.csproj"],
            In = ".ci/run",
            As = "\"$benchmarks\" --first --job dry",
        },
        new(
            "dotnet run -c Release --project benchmarks/DirectMap.Benchmarks -- tables "
                + "BenchmarkDotNet.Artifacts/results docs/benchmarks.md",
            "changes this page; CI changes a copy")
        {
            In = ".ci/run",
            As = "\"$benchmarks\" tables"
        },
        new(
            "dotnet run -c Release --project benchmarks/DirectMap.Benchmarks -- plots BenchmarkDotNet.Artifacts/results docs/plots",
            "changes the plots; CI makes others")
        {
            In = ".ci/run",
            As = "\"$benchmarks\" plots"
        },
        new("dotnet run -c Release --project benchmarks/DirectMap.Benchmarks -- --filter '*'", "takes a day; CI lists the benchmarks")
        {
            In = ".ci/run",
            As = "\"$benchmarks\" --list flat"
        },
        new(
            "dotnet run -c Release --project benchmarks/DirectMap.Benchmarks -- targets",
            "measures for minutes, and judges the machine it is on; CI has the short form")
        {
            In = ".ci/run",
            As = "\"$benchmarks\" targets --short"
        },
        new("dotnet run -c Release --project benchmarks/DirectMap.Benchmarks -- targets scope", "as above")
        {
            In = ".ci/run",
            As = "\"$benchmarks\" targets --short"
        },
    ];

    /// <summary>A program of the user's own that uses the library, or its package.</summary>
    private static NotRun[] OfAProgram() =>
    [
        new("dotnet new console -o ../Orders", "makes a project; CI does the same with the packages")
        {
            Names = ["tests/PackageConsumer/PackageConsumer.csproj"]
        },
        new("dotnet add ../Orders reference src/DirectMap/DirectMap.csproj", "as above") { Names = ["src/DirectMap/DirectMap.csproj"] },
        new("cd ../Orders", "as above"),
        new("dotnet new nugetconfig", "changes what a project restores; CI gives the consumer of the packages its source another way")
        {
            Names = ["tests/PackageConsumer/PackageConsumer.csproj"]
        },
        new("dotnet nuget add source \"$PWD/../DirectMap/packages\" --name directmap --configfile nuget.config", "as above"),
        new("dotnet add package DirectMap --prerelease", "as above") { Names = ["src/DirectMap/DirectMap.csproj"] },
        new("dotnet pack -c Release -o packages -p:VersionSuffix=preview.2", "builds")
        {
            Names = ["src/DirectMap/DirectMap.csproj"],
            In = "src/Directory.Build.props",
            As = "<VersionSuffix>"
        },
        new("dotnet nuget locals global-packages --clear", "empties the cache of the machine"),
        new("dotnet run", "as above; the program is an example, which is run"),
    ];

    /// <summary>The tool, which its own tests run.</summary>
    private static NotRun[] OfTheTool() =>
    [
        new("dotnet tool install DirectMap.Tool --prerelease --source packages --tool-path tools", "installs; CI installs the same package")
        {
            Names = ["src/DirectMap.Tool/DirectMap.Tool.csproj"],
            In = ".ci/run",
            As = "dotnet tool install DirectMap.Tool"
        },
        new("export PATH=\"$PWD/tools:$PATH\"", "as above"),
        new("directmap inspect import.dat", "the tool's own tests compare what it prints with the page")
        {
            Names = ["tests/DirectMap.Tool.Tests/Docs/ToolPageTests.cs"]
        },
        new("directmap inspect import.dat | grep -E '^(written|unwritten|hole|verdict|command|map):'", "as above"),
        new("directmap prepare import.dat --plain", "as above"),
        new("directmap bench orders.pmem --duration 1", "as above"),
        new("(sleep 1; echo one; sleep 1; echo two) >> import.dat & directmap watch import.dat --count 1", "as above"),
        new("flock -o orders.pmem directmap leases orders.pmem", "as above"),
    ];

    /// <param name="Command">As the page has it.</param>
    /// <param name="Reason">Why no test runs it.</param>
    private sealed record NotRun(string Command, string Reason)
    {
        /// <summary>Files that it names.</summary>
        internal string[] Names { get; init; } = [];

        /// <summary>A script that runs it.</summary>
        internal string? In { get; init; }

        /// <summary>How it stands there, if not word for word.</summary>
        internal string? As { get; init; }
    }
}
