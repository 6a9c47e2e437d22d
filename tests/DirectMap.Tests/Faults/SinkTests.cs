using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Faults;

/// <summary>What takes the place of pages that are lost or taken away, where the kernel has little to give.</summary>
public sealed class SinkTests : FileTest
{
    /// <summary>What is compiled is mapped once, and not once more to be written to: the runtime's memory counts, too.</summary>
    private static readonly Dictionary<string, string> s_fewMappings =
        new() { ["DOTNET_EnableWriteXorExecute"] = "0", ["DOTNET_TieredCompilation"] = "0" };

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

    [Theory]
    [InlineData("Dispose")]
    [InlineData("Revoke")]
    public void A_large_region_that_goes_while_all_new_memory_is_locked_locks_and_takes_none(string how)
    {
        Requires.Root(); // or a limit of locked memory that is large enough
        AssertExit0(ChildProcess.Run(LockedMemoryCases.TakeAwayWhileNewMemoryIsLocked, Folder.File("sparse"), how));
    }

    [Theory]
    [InlineData("Dispose")]
    [InlineData("Revoke")]
    public void A_region_that_goes_while_all_memory_is_locked_leaves_none_of_it_locked(string how)
    {
        Requires.Root();
        AssertExit0(ChildProcess.Run(LockedMemoryCases.TakeAwayWhatIsLocked, Folder.File("sparse"), how));
    }

    [Fact]
    public void A_region_that_is_not_large_goes_20_ms_after_new_memory_is_locked_and_locks_none()
    {
        Requires.Root(); // or a limit of locked memory that is large enough
        AssertExit0(ChildProcess.Run(LockedMemoryCases.TakeAwayALittleSoonAfterNewMemoryIsLocked, Folder.File("sparse")));
    }

    [Fact]
    public void Loads_from_a_region_that_goes_while_new_memory_is_locked_see_the_file_or_zeros()
    {
        Requires.Root();
        AssertExit0(ChildProcess.Run(LockedMemoryCases.LoadWhileItIsTakenAway, Folder.File()));
    }

    [Fact]
    public void A_page_that_is_lost_while_all_new_memory_is_locked_locks_and_takes_no_more_than_it_needs()
    {
        Requires.Root();
        Requires.Native();
        AssertExit0(ChildProcess.Run(LockedMemoryCases.LoseAPageWhileNewMemoryIsLocked, Folder.File("sparse")));
    }

    [Theory]
    [InlineData("Dispose")]
    [InlineData("Revoke")]
    [InlineData("Break")]
    public void A_region_that_is_larger_than_what_may_be_locked_goes_in_pieces(string how)
    {
        Requires.Root(); // which the child gives up
        AssertExit0(ChildProcess.Run(LockedMemoryCases.TakeAwayMoreThanMayBeLocked, Folder.File("sparse"), how));
    }

    [Theory]
    [InlineData("Dispose")]
    [InlineData("Revoke")]
    public void A_locked_region_goes_where_no_more_may_be_locked(string how)
    {
        Requires.Root();

        AssertExit0(ChildProcess.RunWith(
            s_fewMappings, LockedMemoryCases.TakeAwayWhereNoMoreMayBeLocked, Folder.File("sparse"), how));
    }

    [Theory]
    [InlineData("locked")]
    [InlineData("unlocked")]
    public void A_page_that_is_lost_where_no_more_may_be_locked_ends_no_process(string which)
    {
        Requires.Root();
        Requires.Native();
        AssertExit0(ChildProcess.RunWith(s_fewMappings, LockedMemoryCases.LoseAPageWhereNoMoreMayBeLocked, Folder.File("sparse"), which));
    }

    private static void AssertExit0(ChildProcess.Result result) => Assert.True(result.ExitCode == 0, result.ToString());
}
