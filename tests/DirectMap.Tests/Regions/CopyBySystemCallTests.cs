using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Regions;

/// <summary>Copies where the native library is missing. In processes of their own, without it.</summary>
public sealed class CopyBySystemCallTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Fact]
    public void Copies_give_the_same_results() =>
        AssertExit0(ChildProcess.RunWithoutNativeLibrary(CopyCases.CopyWhatIsThere, _directory.File()));

    [Fact]
    public void A_copy_that_meets_a_lost_page_is_an_exception_that_names_it_and_the_process_lives() =>
        AssertExit0(ChildProcess.RunWithoutNativeLibrary(CopyCases.CopyWhatIsLost, _directory.File()));

    [Fact]
    public void What_is_copied_between_parts_that_overlap_arrives_as_it_was() =>
        AssertExit0(ChildProcess.RunWithoutNativeLibrary(CopyCases.CopyWhatOverlaps, _directory.File()));

    [Fact]
    public void What_is_copied_between_regions_of_one_file_arrives_as_it_was() =>
        AssertExit0(ChildProcess.RunWithoutNativeLibrary(CopyCases.CopyBetweenRegions, _directory.File()));

    [Fact]
    public void What_is_read_into_memory_of_the_file_or_written_from_it_arrives_as_it_was() =>
        AssertExit0(ChildProcess.RunWithoutNativeLibrary(CopyCases.TransferAliased, _directory.File()));

    [Fact]
    public void Judged_copies_are_judged() => AssertExit0(ChildProcess.RunWithoutNativeLibrary(CopyCases.CopyJudged, _directory.File()));

    public void Dispose() => _directory.Dispose();

    private static void AssertExit0(ChildProcess.Result result) => Assert.True(result.ExitCode == 0, result.ToString());
}
