using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Benchmarking;
using DirectMap.Tool.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Benchmarking;

/// <summary>Editors save a file by renaming a new one over it.</summary>
public sealed class ReplacedFileTests : ToolTest
{
    private const string Precious = "what somebody saved while the old file was measured";

    [Fact]
    public void A_file_that_replaces_the_measured_one_is_not_written_to()
    {
        using DirectFile file = DirectFile.Open(TestFile.Pattern(Folder, 1 << 20));
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Once replacing = new(() => Replace(file.Path));

        FileBenchmark.Run(
            file, file.Path, region, TimeProvider.System, TimeSpan.FromMilliseconds(50), replacing, TestContext.Current.CancellationToken);

        Assert.True(replacing.IsDone);
        Assert.Equal(Precious, File.ReadAllText(file.Path));
    }

    [Fact]
    public void A_file_that_was_replaced_before_is_not_measured()
    {
        using DirectFile file = DirectFile.Open(TestFile.Pattern(Folder, 1 << 20));
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Replace(file.Path);

        IOException exception = Assert.Throws<IOException>(
            () => FileBenchmark.Run(
                file,
                file.Path,
                region,
                TimeProvider.System,
                TimeSpan.FromMilliseconds(50),
                new Once(() => { }),
                TestContext.Current.CancellationToken));

        Assert.Contains($"'{file.Path}' was replaced", exception.Message, StringComparison.Ordinal);
        Assert.Equal(Precious, File.ReadAllText(file.Path));
    }

    private void Replace(string path)
    {
        File.WriteAllText(Folder.File("new"), Precious);
        File.Move(Folder.File("new"), path, overwrite: true);
    }

    private sealed class Once(Action action) : IProgress<PrepareProgress>
    {
        internal bool IsDone { get; private set; }

        public void Report(PrepareProgress value)
        {
            if (!IsDone)
            {
                IsDone = true;
                action();
            }
        }
    }
}
