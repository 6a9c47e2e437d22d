using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Telemetry;

public sealed class UnloadTests : FileTest
{
    [Fact]
    public void Copies_of_the_library_that_come_and_go_leave_no_page_each()
    {
        ChildProcess.Result result = ChildProcess.Run(UnloadCases.PagesThatStay, Path.GetDirectoryName(Folder.File())!);

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public void Nothing_keeps_a_collectible_load_context_alive_when_all_is_disposed()
    {
        ChildProcess.Result result = ChildProcess.Run(UnloadCases.LoadUseAndUnload, Path.GetDirectoryName(Folder.File())!);

        Assert.True(result.ExitCode == 0, result.ToString());
    }
}
