using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Backings;

/// <summary>
/// RLIMIT_FSIZE: the kernel answers an operation beyond it with a signal that ends the process, the library with an exception.
/// </summary>
public sealed class FileSizeLimitTests(RealFileSystems fileSystems)
{
    public static TheoryData<string> FileSystems => [.. RealFileSystems.All];

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void Every_operation_beyond_the_processs_limit_is_EFBIG_and_the_process_lives(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);

        ChildProcess.Result result = ChildProcess.Run(FileSizeLimitCases.GrowBeyondTheLimit, directory.Path);

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void No_operation_within_a_file_that_is_longer_than_the_limit_ends_the_process(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);

        ChildProcess.Result result = ChildProcess.Run(FileSizeLimitCases.ChangeAFileThatIsLongerThanTheLimit, directory.Path);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.EndsWith("alive", result.Output.Trim(), StringComparison.Ordinal);
    }
}
