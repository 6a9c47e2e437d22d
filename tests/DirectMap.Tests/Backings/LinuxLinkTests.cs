using System.Runtime.InteropServices;
using DirectMap.Backings;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Backings;

/// <summary>Links in folders where everybody may make some; judged as the kernel does with fs.protected_symlinks.</summary>
public sealed partial class LinuxLinkTests : FileTest
{
    private const uint Nobody = 65534;

    private string Link => Folder.File("shared/link");

    [Fact]
    public void A_link_that_somebody_else_has_put_into_a_shared_folder_is_not_followed_to_make_a_file()
    {
        MakeLink((UnixFileMode)0x3FF, Nobody); // 1777

        UnauthorizedAccessException refused = Assert.Throws<UnauthorizedAccessException>(() => LinuxLink.TargetOf(Link, isLast: true));

        Assert.Equal(13, refused.HResult);
        Assert.Contains(Link, refused.Message, StringComparison.Ordinal);
        Assert.ThrowsAny<UnauthorizedAccessException>(() => DirectFile.OpenOrCreate(Link, 4096, Options));
        Assert.False(File.Exists(Folder.File("target")));
    }

    [Theory]
    [InlineData(0x3FF, 0u)] // the caller's own
    [InlineData(0x1FF, Nobody)] // not sticky
    [InlineData(0x3FD, Nobody)] // not everybody's
    public void Every_other_link_is(int mode, uint owner)
    {
        MakeLink((UnixFileMode)mode, owner);

        Assert.Equal("../target", LinuxLink.TargetOf(Link, isLast: true));
        DirectFile.OpenOrCreate(Link, 4096, Options).Dispose();
        Assert.Equal(4096, new FileInfo(Folder.File("target")).Length);
    }

    [Fact]
    public void So_is_one_in_the_midst_of_a_path_and_one_of_the_folders_owner()
    {
        MakeLink((UnixFileMode)0x3FF, Nobody);
        Assert.Equal("../target", LinuxLink.TargetOf(Link, isLast: false));

        Assert.Equal(0, lchown(Folder.File("shared"), Nobody, uint.MaxValue));

        Assert.Equal("../target", LinuxLink.TargetOf(Link, isLast: true));
    }

    [Fact]
    public void What_is_no_link_says_nothing()
    {
        File.WriteAllText(Folder.File(), "");

        Assert.All(
            (string[])[Folder.File(), Folder.Path, Folder.File("nothing"), Folder.File("no/such"), Folder.File("file.pmem/below")],
            path => Assert.Null(LinuxLink.TargetOf(path, isLast: true)));
    }

    private void MakeLink(UnixFileMode mode, uint owner)
    {
        Requires.Root();
        File.SetUnixFileMode(Directory.CreateDirectory(Folder.File("shared")).FullName, mode);
        File.CreateSymbolicLink(Link, "../target");
        Assert.Equal(0, lchown(Link, owner, uint.MaxValue));
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint owner, uint group);
}
