using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Inodes;

/// <summary>Several copies of the library in one process, as in a host of plug-ins.</summary>
public sealed class LibraryCopyTests : FileTest
{
    [Fact]
    public void A_file_that_one_copy_has_open_is_refused_by_another_which_names_it() => AssertExit0(CopiesCases.OpenTheSameFile);

    [Fact]
    public void So_it_is_where_the_two_have_other_backings() => AssertExit0(CopiesCases.OpenTheSameFileWithOtherBackings);

    [Fact]
    public void Each_copy_contains_the_faults_of_its_own_regions()
    {
        Requires.Native();
        AssertExit0(CopiesCases.FaultInBoth);
    }

    [Fact]
    public void What_an_unloaded_copy_has_forgotten_another_one_opens() => AssertExit0(CopiesCases.LoadAnotherAfterOne);

    private void AssertExit0(Func<string[], int> body)
    {
        ChildProcess.Result result = ChildProcess.Run(body, Folder.Path);
        Assert.True(result.ExitCode == 0, result.ToString());
    }
}
