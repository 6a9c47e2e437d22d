using DirectMap.Linux;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Inodes;

/// <summary>Opening a file that the process has open is judged as if it were the first time, and disturbs nobody.</summary>
public sealed class OpenPermissionTests(RealFileSystems fileSystems)
{
    [Theory]
    [InlineData("i")]
    [InlineData("a")]
    public void A_file_that_became_unchangeable_is_not_opened_for_writing_again(string attribute)
    {
        using TestDirectory folder = fileSystems.NewDirectory(RealFileSystems.Ext4);
        string path = folder.File();
        using DirectFile first = DirectFile.Create(path, 4096);
        Assert.Null(RealFileSystems.Run("chattr", "+" + attribute, path));
        try
        {
            UnauthorizedAccessException refused = Assert.Throws<UnauthorizedAccessException>(() => DirectFile.Open(path));
            UnauthorizedAccessException plain =
                Assert.Throws<UnauthorizedAccessException>(() => File.OpenHandle(path, access: FileAccess.ReadWrite));

            Assert.Equal(plain.InnerException!.HResult, refused.HResult);
            Assert.Contains(path, refused.Message, StringComparison.Ordinal);
            DirectFile.Open(path, new DirectFileOptions { Access = FileAccess.Read }).Dispose();
        }
        finally
        {
            Assert.Null(RealFileSystems.Run("chattr", "-" + attribute, path));
        }

        DirectFile.Open(path).Dispose();
    }

    [Fact]
    public void A_file_on_what_became_read_only_is_not_opened_for_writing_again()
    {
        using TestDirectory folder = fileSystems.NewDirectory(RealFileSystems.Ext4);
        string path = folder.File();
        using DirectFile first = DirectFile.Create(path, 4096);
        using DirectFile reader = DirectFile.Open(path, new DirectFileOptions { Access = FileAccess.Read }); // Keeps no mount busy later.
        using TestDirectory other = new();
        string view = other.Path;
        Assert.Null(RealFileSystems.Run("mount", "--bind", folder.Path, view));
        try
        {
            Assert.Null(RealFileSystems.Run("mount", "-o", "remount,bind,ro", view));
            string seen = Path.Combine(view, Path.GetFileName(path));

            Assert.Equal(Errno.EROFS, Assert.Throws<UnauthorizedAccessException>(() => DirectFile.Open(seen)).HResult);
            DirectFile.Open(seen, new DirectFileOptions { Access = FileAccess.Read }).Dispose();
        }
        finally
        {
            Assert.Null(RealFileSystems.Run("umount", view));
        }
    }

    [Fact]
    public void Rights_that_were_given_up_are_not_had_again_through_an_open_file()
    {
        Requires.Root();
        using TestDirectory folder = new();

        ChildProcess.Result result = ChildProcess.Run(PermissionCases.OpenAfterGivingUpRights, folder.File());

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public void Where_the_kernel_cannot_be_asked_for_the_effective_user_what_it_might_allow_is_allowed()
    {
        Requires.Root();
        using TestDirectory folder = fileSystems.NewDirectory(RealFileSystems.Ext4);

        ChildProcess.Result result = ChildProcess.Run(PermissionCases.OpenWithoutFaccessat2, folder.File());

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public void Record_locks_of_the_process_stay_whatever_an_opening_says()
    {
        using TestDirectory folder = fileSystems.NewDirectory(RealFileSystems.Ext4);
        string path = folder.File();
        using DirectFile first = DirectFile.Create(path, 4096);
        using FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        stream.Lock(0, 100);

        DirectFile.Open(path).Dispose();
        Assert.Null(RealFileSystems.Run("chattr", "+i", path));
        Assert.Throws<UnauthorizedAccessException>(() => DirectFile.Open(path));
        Assert.Null(RealFileSystems.Run("chattr", "-i", path));

        using SafeFileHandle other = PlainCalls.Open(path, PlainCalls.O_RDWR);
        Assert.Equal(0, OpenFileLock.TryFindOther(other, new FileRange(0, 100), out int? process));
        Assert.Equal(Environment.ProcessId, process);
    }
}
