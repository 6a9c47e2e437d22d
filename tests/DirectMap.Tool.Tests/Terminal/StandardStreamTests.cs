using DirectMap.Tool.Rendering;
using DirectMap.Tool.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Terminal;

/// <summary>Standard output and standard error may be closed or full.</summary>
public sealed class StandardStreamTests : ToolTest
{
    [Theory]
    [InlineData("2>/dev/full")]
    [InlineData("2>&-")]
    public async Task Where_standard_error_fails_the_exit_code_stays(string redirection) =>
        Assert.Equal(
            3, (await ToolProcess.RunAsync("sh", "-c", $"{ToolProcess.Executable} inspect {Folder.File("missing")} {redirection}")).Code);

    [Theory]
    [InlineData(">/dev/full", "ENOSPC")]
    [InlineData(">&-", "EBADF")]
    public async Task Where_standard_output_fails_it_is_named(string redirection, string errno)
    {
        ToolResult result = await ToolProcess.RunAsync(
            "sh", "-c", $"{ToolProcess.Executable} inspect {TestFile.Written(Folder)} {redirection}");

        Assert.Equal(3, result.Code);
        Assert.StartsWith("directmap: write to standard output: ", result.ErrorLine, StringComparison.Ordinal);
        Assert.EndsWith($"({errno})", result.ErrorLine, StringComparison.Ordinal);
    }
}
