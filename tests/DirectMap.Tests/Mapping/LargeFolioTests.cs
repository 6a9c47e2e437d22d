using System.Globalization;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Mapping;

/// <summary>
/// A persist of one byte writes no more than two pages, whoever made the file, and however. Folios that are larger are made on purpose,
/// and the bare mapping shows that they are there.
/// </summary>
public sealed class LargeFolioTests(RealFileSystems fileSystems)
{
    private const int Length = 32 << 20;

    private static int Page => Environment.SystemPageSize;

    public static TheoryData<string> FileSystems => [RealFileSystems.Ext4, RealFileSystems.Xfs, RealFileSystems.OverlayOnExt4];

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void A_created_file_has_none(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);

        AssertSmall(Largest(FolioCases.OfLibrary, directory.File(), "created"));

        AssertSmall(Largest(FolioCases.OfBareMapping, directory.File(), "opened"));
    }

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void Those_of_a_file_that_somebody_else_wrote_are_split_before_the_first_store(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        WriteInLargePieces(directory.File());
        NeedsLarge(Largest(FolioCases.OfBareMapping, directory.File(), "opened"), fileSystem);

        AssertSmall(Largest(FolioCases.OfLibrary, directory.File(), "opened"));

        AssertSmall(Largest(FolioCases.OfBareMapping, directory.File(), "opened")); // they stay so
    }

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void So_are_they_in_an_ordinary_mapping(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        WriteInLargePieces(directory.File());

        AssertSmall(Largest(FolioCases.OfLibrary, directory.File(), "ordinary"));
    }

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void So_are_they_before_a_direct_mapping_of_a_file_that_nobody_has_synced(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        WriteInLargePieces(directory.File(), isSynced: false);

        AssertSmall(Largest(FolioCases.OfLibrary, directory.File(), "opened")); // the policy has the blocks allocated first
    }

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void A_sparse_file_that_was_prepared_has_none(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        using (FileStream stream = File.Create(directory.File()))
        {
            stream.SetLength(Length);
        }

        using (DirectFile file = DirectFile.Open(directory.File()))
        {
            file.Prepare();
        }

        AssertSmall(Largest(FolioCases.OfBareMapping, directory.File(), "opened"));
    }

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void Nor_has_the_region_of_one(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        using (FileStream stream = File.Create(directory.File()))
        {
            stream.SetLength(Length);
        }

        AssertSmall(Largest(FolioCases.OfLibrary, directory.File(), "prepared"));
    }

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void Those_that_readahead_makes_of_a_region_that_is_read_from_end_to_end_are_split_before_the_first_store(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        WriteInLargePieces(directory.File());
        NeedsLarge(Largest(FolioCases.OfBareMapping, directory.File(), "read"), fileSystem);

        AssertSmall(Largest(FolioCases.OfLibrary, directory.File(), "read"));
    }

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void Each_way_to_store_splits_them_before(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        foreach ((string name, _) in FolioCases.Ways)
        {
            WriteInLargePieces(directory.File(name), 2 << 20);
        }

        string[] lines = Lines(FolioCases.EachWay, directory.Path);

        Assert.Equal(FolioCases.Ways.Length, lines.Length);
        Assert.All(lines, line => AssertSmall(long.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture)));
    }

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void A_copy_to_another_window_splits_those_in_it(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        WriteInLargePieces(directory.File(), 66 << 20);

        AssertSmall(Largest(FolioCases.NextWindow, directory.File()));
    }

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void One_that_becomes_large_later_is_written_as_a_whole_once(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        WriteInLargePieces(directory.File());
        NeedsLarge(Largest(FolioCases.OfBareMapping, directory.File(), "opened"), fileSystem);

        long[] written = [.. Lines(FolioCases.LargeAgain, directory.File()).Select(line => long.Parse(line, CultureInfo.InvariantCulture))];

        Assert.True(written[0] > 2 * Page, $"{written[0]} bytes");
        Assert.All(written[1..], AssertSmall);
    }

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void Who_only_reads_leaves_them(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        WriteInLargePieces(directory.File());
        NeedsLarge(Largest(FolioCases.OfBareMapping, directory.File(), "opened"), fileSystem);

        Assert.Empty(Lines(FolioCases.ReadOnly, directory.File()));

        Assert.True(Largest(FolioCases.OfBareMapping, directory.File(), "opened") > 2 * Page, "they were split");
    }

    /// <summary>Some pages leave it for a moment, to see whether they can.</summary>
    [Theory]
    [InlineData(RealFileSystems.Ext4, 1 << 20)]
    [InlineData(RealFileSystems.Ext4, 4 << 10)]
    [InlineData(RealFileSystems.Xfs, 1 << 20)]
    [InlineData(RealFileSystems.Xfs, 4 << 10)]
    public void What_was_in_the_page_cache_stays_there(string fileSystem, int piece)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        WriteInPieces(directory.File(), piece, Length, isSynced: true);

        Assert.Equal(["all"], Lines(FolioCases.InCacheAfterAStore, directory.File()));
    }

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Xfs)]
    public void Where_the_kernel_calls_everything_resident_the_first_store_reads_little_from_the_device(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        WriteInLargePieces(directory.File());
        string[] withoutRights = ["setpriv", "--bounding-set=-fowner,-dac_override,-dac_read_search"];

        ChildProcess.Result result = ChildProcess.RunUnder(withoutRights, FolioCases.StoreToAnothers, directory.File());

        Assert.True(result.ExitCode == 0, result.ToString());
        Requires.Have("mincore-rights", result.Output.Length > 0, "this kernel says what is resident, or does not count what is cached");
        Assert.InRange(long.Parse(result.Output, CultureInfo.InvariantCulture), 1, (4 << 20) / Page);
    }

    private static void AssertSmall(long bytes) => Assert.InRange(bytes, 1, 2 * Page);

    /// <summary>Otherwise the test would find nothing where there was nothing to find.</summary>
    private static void NeedsLarge(long bytes, string fileSystem) =>
        Requires.Have("large-folios", bytes > 2 * Page, $"this kernel makes no large folios on {fileSystem}");

    private static void WriteInLargePieces(string path, int length = Length, bool isSynced = true) =>
        WriteInPieces(path, 1 << 20, length, isSynced);

    private static void WriteInPieces(string path, int size, int length, bool isSynced)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        byte[] piece = new byte[size];
        Random.Shared.NextBytes(piece);
        for (long at = 0; at < length; at += size)
        {
            RandomAccess.Write(file, piece, at);
        }

        if (isSynced)
        {
            RandomAccess.FlushToDisk(file);
        }
    }

    private static long Largest(Func<string[], int> body, params string[] arguments) =>
        long.Parse(Assert.Single(Lines(body, arguments)), CultureInfo.InvariantCulture);

    private static string[] Lines(Func<string[], int> body, params string[] arguments)
    {
        ChildProcess.Result result = ChildProcess.Run(body, arguments);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
