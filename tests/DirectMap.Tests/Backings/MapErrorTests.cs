using System.Globalization;
using DirectMap.Backings;
using DirectMap.Linux;
using DirectMap.Mapping;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Backings;

/// <summary>What is said where the kernel refuses a call: path, bytes, the call, and the error number's name.</summary>
public abstract class MapErrorTests(FileBackingKind backing) : FileTest(backing)
{
    /// <summary>Those of mmap(2).</summary>
    public static TheoryData<int, string> OfMmap => new()
    {
        { 13, "EACCES" }, { 11, "EAGAIN" }, { 9, "EBADF" }, { 17, "EEXIST" }, { 22, "EINVAL" }, { 23, "ENFILE" }, { 19, "ENODEV" },
        { 12, "ENOMEM" }, { 75, "EOVERFLOW" }, { 1, "EPERM" }, { 26, "ETXTBSY" }
    };

    [Theory]
    [MemberData(nameof(OfMmap))]
    public void Each_error_of_mmap_is_told_with_its_name_whichever_way_the_BCL_says_it(int errno, string name)
    {
        FileRange range = new(4096, 100);
        IOException inner = new("What the platform says") { HResult = errno };
        foreach (Exception exception in (Exception[])[inner, new UnauthorizedAccessException("The same", inner)])
        {
            Exception failure = LinuxView.Failure(exception, "/the/path", range);

            Assert.Equal(errno, failure.HResult);
            Assert.StartsWith("mmap", failure.Message, StringComparison.Ordinal);
            Assert.EndsWith($"({name})", failure.Message, StringComparison.Ordinal);
            Assert.Contains("'/the/path'", failure.Message, StringComparison.Ordinal);
            Assert.Contains($"{range}", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Each_error_number_of_Linux_has_a_name_in_messages()
    {
        HashSet<string> names = [];
        foreach (int errno in Enumerable.Range(1, 133).Except([41, 58]))
        {
            Exception failure = Errno.ToException(errno, "the call", "/the/path", new FileRange(0, 1));

            Assert.Matches(@"\(E[A-Z0-9]+\)$", failure.Message);
            Assert.True(names.Add(failure.Message[(failure.Message.LastIndexOf('(') + 1)..^1]), failure.Message);
            Assert.Equal(errno, failure.HResult);
        }

        Assert.Equal(
            ["ENODEV", "EOVERFLOW", "ESTALE", "EHWPOISON", "errno 134", "errno -1"],
            ((int[])[19, 75, 116, 133, 134, -1]).Select(errno => Errno.NameOf(errno).ToString(CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void A_file_that_was_short_for_a_moment_ends_before_the_mapping_does(int pages)
    {
        string path = Folder.File("short for a moment");
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.SetLength(file, pages * PageSize);
        bool wasMeasured = false;
        MappedView.Measured = () =>
        {
            wasMeasured = true;
            LossTest.SetLengthOutside(path, 8 * PageSize);
        };
        try
        {
            MapRefusedException refused = Assert.Throws<MapRefusedException>(() => FileBackings.Of(Backing)
                .FileOf(inode: null!, file, path)
                .MapView(new FileRange(PageSize, 7 * PageSize), MappingAccess.ReadWrite, wantsSync: false));

            Assert.Equal(RefusalReason.BeyondEndOfFile, refused.Reason);
            Assert.Equal(pages > 0, wasMeasured); // Of an empty file the BCL says so at once.
        }
        finally
        {
            MappedView.Measured = null;
        }
    }

    [Fact]
    public void A_file_that_its_file_system_does_not_map_is_told_by_path_and_name()
    {
        // One for each backing: the two do not have a file open at one time.
        string setting = $"/sys/kernel/mm/transparent_hugepage/{(Backing == FileBackingKind.Linux ? "enabled" : "defrag")}";
        Requires.Have("sysfs", File.Exists(setting), "needs sysfs");
        using DirectFile file = DirectFile.Open(setting, Options with { Access = FileAccess.Read });

        IOException refused = Assert.Throws<IOException>(() => file.Map(MapOptions.Ordinary));

        Assert.Equal(19, refused.HResult);
        Assert.Contains(setting, refused.Message, StringComparison.Ordinal);
        Assert.EndsWith("(ENODEV)", refused.Message, StringComparison.Ordinal);
    }
}
