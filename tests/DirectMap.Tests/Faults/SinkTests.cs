using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Faults;

/// <summary>What takes the place of pages that are lost or taken away, where the kernel has little to give.</summary>
public sealed class SinkTests : FileTest
{
    [Theory]
    [InlineData("one", 0)]
    [InlineData("one", 1)]
    [InlineData("whole", 0)]
    [InlineData("whole", 15)]
    [InlineData("whole", 16)]
    public void A_page_that_is_lost_where_no_file_may_be_so_long_ends_no_process(string which, int pages)
    {
        Requires.Native();
        AssertExit0(ChildProcess.Run(SinkCases.LoseAPageUnderALimitOfFileSizes, Folder.File(), which, $"{pages}"));
    }

    [Theory]
    [InlineData("Dispose", 0)]
    [InlineData("Dispose", 1 << 20)]
    [InlineData("Revoke", 0)]
    [InlineData("Revoke", 1 << 20)]
    public void A_region_goes_where_no_file_may_be_as_long_and_ends_no_process(string how, long limit) =>
        AssertExit0(ChildProcess.Run(SinkCases.TakeAwayUnderALimitOfFileSizes, Folder.File("sparse"), how, $"{limit}"));

    private static void AssertExit0(ChildProcess.Result result) => Assert.True(result.ExitCode == 0, result.ToString());
}
