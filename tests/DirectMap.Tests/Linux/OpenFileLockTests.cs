using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using DirectMap.Linux;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Linux;

/// <summary>What the kernel promises of locks that belong to an open file description, as far as the library leans on it.</summary>
public sealed class OpenFileLockTests(RealFileSystems fileSystems) : IDisposable
{
    private const int EBADF = PlainCalls.EBADF;

    private static readonly FileRange s_bytes = new(8192, 4);
    private static readonly FileRange s_before = new(0, 8192);
    private static readonly FileRange s_behind = FileRange.From(8196);

    private readonly TestDirectory _directory = new();

    [Fact]
    public void A_description_is_not_in_its_own_way()
    {
        using SafeFileHandle file = Open();

        Assert.Equal(0, Lock(file));
        Assert.Equal(0, Lock(file));
        Assert.Equal(0, Lock(file, exclusive: false));
        Assert.Equal(0, Lock(file));
        Assert.Null(Other(file));
    }

    [Fact]
    public void Another_description_in_this_process_is_refused_those_bytes_and_no_others()
    {
        using SafeFileHandle file = Open(), other = Open();
        Assert.Equal(0, Lock(file));

        Assert.Equal(Errno.EAGAIN, Lock(other));
        Assert.Equal(Errno.EAGAIN, Lock(other, exclusive: false));
        Assert.Equal(Errno.EAGAIN, OpenFileLock.TryLock(other, new FileRange(8195, 1), exclusive: true));
        Assert.Equal(Errno.EAGAIN, OpenFileLock.TryLock(other, FileRange.Whole, exclusive: true));
        Assert.Equal(0, OpenFileLock.TryLock(other, s_before, exclusive: true));
        Assert.Equal(0, OpenFileLock.TryLock(other, s_behind, exclusive: true));
    }

    [Fact]
    public void Shared_locks_bear_each_other_and_no_exclusive_one()
    {
        using SafeFileHandle file = Open(), other = Open(PlainCalls.O_RDONLY), third = Open();

        Assert.Equal(0, Lock(file, exclusive: false));
        Assert.Equal(0, Lock(other, exclusive: false));
        Assert.Equal(Errno.EAGAIN, Lock(third));
        Assert.Equal(Errno.EAGAIN, Lock(file));
        other.Dispose();
        Assert.Equal(0, Lock(file));
    }

    [Fact]
    public void What_is_unlocked_is_free_and_what_is_not_locked_can_be_unlocked()
    {
        using SafeFileHandle file = Open(), other = Open();
        Assert.Equal(0, Lock(file));

        Assert.Equal(0, OpenFileLock.TryUnlock(other, s_bytes));
        Assert.Equal(Errno.EAGAIN, Lock(other));
        Assert.Equal(0, OpenFileLock.TryUnlock(file, s_bytes));
        Assert.Equal(0, Lock(other));
    }

    [Fact]
    public void Another_process_is_refused_and_refuses()
    {
        using SafeFileHandle file = Open();
        Assert.Equal(0, Lock(file));
        Assert.Equal(Errno.EAGAIN, LockInChild(s_bytes));
        Assert.Equal(0, LockInChild(s_before));
        Assert.Equal(0, OpenFileLock.TryUnlock(file, s_bytes));

        using Process holder = StartHolding(LockCases.Hold);

        Assert.Equal(Errno.EAGAIN, Lock(file));
        End(holder);
        Assert.Equal(0, Lock(file));
    }

    [Fact]
    public void A_process_that_is_killed_has_no_lock_any_more()
    {
        using SafeFileHandle file = Open();
        using Process holder = StartHolding(LockCases.Hold);
        Assert.Equal(Errno.EAGAIN, Lock(file));

        holder.Kill();
        holder.WaitForExit();

        Assert.Equal(0, Lock(file));
    }

    [Fact]
    public void Descriptors_of_one_description_share_its_locks_and_the_last_one_ends_them()
    {
        using SafeFileHandle file = Open(), other = Open();
        SafeFileHandle duplicate = PlainCalls.Duplicate(file);
        Assert.Equal(0, Lock(file));
        Assert.Equal(0, Lock(duplicate));

        file.Dispose();
        Assert.Equal(Errno.EAGAIN, Lock(other));
        duplicate.Dispose();
        Assert.Equal(0, Lock(other));
    }

    [Fact]
    public void Through_any_of_its_descriptors_a_description_gives_bytes_back()
    {
        using SafeFileHandle file = Open(), other = Open(), duplicate = PlainCalls.Duplicate(file);
        Assert.Equal(0, Lock(file));

        Assert.Equal(0, OpenFileLock.TryUnlock(duplicate, s_bytes));

        Assert.Equal(0, Lock(other));
    }

    /// <summary>With record locks it does: any close of the file in the process ends all that the process has of it.</summary>
    [Fact]
    public void To_close_another_description_of_the_file_ends_nothing()
    {
        using SafeFileHandle file = Open(), third = Open();
        SafeFileHandle other = Open();
        Assert.Equal(0, Lock(file));

        other.Dispose();

        Assert.Equal(Errno.EAGAIN, Lock(third));
    }

    /// <summary>A mapping holds the description that it was made through, so to close is not enough where a region may live on.</summary>
    [Fact]
    public void A_mapping_keeps_the_lock_of_a_description_without_descriptors()
    {
        using SafeFileHandle other = Open();
        SafeFileHandle file = Open();
        RandomAccess.SetLength(file, Environment.SystemPageSize);
        Assert.Equal(0, Lock(file));
        using MemoryMappedFile mapped = MemoryMappedFile.CreateFromFile(
            file, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        MemoryMappedViewAccessor view = mapped.CreateViewAccessor(0, Environment.SystemPageSize);

        mapped.Dispose();
        Assert.True(file.IsClosed);
        Assert.Equal(Errno.EAGAIN, Lock(other));
        view.Dispose();
        Assert.Equal(0, Lock(other));
    }

    [Fact]
    public void An_exclusive_lock_needs_a_description_open_for_writing_and_a_shared_one_for_reading()
    {
        using SafeFileHandle reading = Open(PlainCalls.O_RDONLY), writing = Open(PlainCalls.O_WRONLY);

        Assert.Equal(EBADF, Lock(reading));
        Assert.Equal(0, Lock(reading, exclusive: false));
        Assert.Equal(0, OpenFileLock.TryUnlock(reading, s_bytes));
        Assert.Equal(EBADF, Lock(writing, exclusive: false));
        Assert.Equal(0, Lock(writing));
    }

    [Fact]
    public void A_child_process_has_the_lock_only_where_the_descriptor_may_be_inherited()
    {
        using SafeFileHandle other = Open();
        SafeFileHandle file = Open(), inherited = Open();
        Assert.Equal(0, PlainCalls.LetInherit(inherited).Errno);
        Assert.Equal(0, Lock(file));
        Assert.Equal(0, OpenFileLock.TryLock(inherited, s_before, exclusive: true));
        using Process child = StartHolding(LockCases.Live);

        file.Dispose();
        inherited.Dispose();

        // A child that another test is just starting has every descriptor, until it begins its program.
        Soon.Until(() => Lock(other) == 0, "the lock is gone");
        Assert.Equal(Errno.EAGAIN, OpenFileLock.TryLock(other, s_before, exclusive: true));
        End(child);
        Soon.Until(() => OpenFileLock.TryLock(other, s_before, exclusive: true) == 0, "the lock has gone with the child");
    }

    [Fact]
    public void Who_is_in_the_way_is_told_by_its_process_only_for_a_record_lock()
    {
        using SafeFileHandle file = Open(), other = Open();
        using Process holder = StartHolding(LockCases.HoldRecord);
        Assert.Equal(Errno.EAGAIN, Lock(file));
        Assert.Equal(holder.Id, Other(file));
        End(holder);
        Assert.Null(Other(file));

        Assert.Equal(0, Lock(other, exclusive: false));

        Assert.Equal(-1, Other(file));
    }

    [Fact]
    public void No_byte_is_none_and_not_all_of_them()
    {
        using SafeFileHandle file = Open();

        Assert.Throws<ArgumentOutOfRangeException>(() => OpenFileLock.TryLock(file, new FileRange(8192, 0), exclusive: true));
        Assert.Throws<ArgumentOutOfRangeException>(() => OpenFileLock.TryUnlock(file, new FileRange(8192, 0)));
    }

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Xfs)]
    [InlineData(RealFileSystems.Btrfs)]
    [InlineData(RealFileSystems.Tmpfs)]
    [InlineData(RealFileSystems.Overlay)]
    public void Each_file_system_has_them(string name)
    {
        using TestDirectory directory = fileSystems.NewDirectory(name);
        string path = directory.File();
        using SafeFileHandle file = Open(path: path);
        using SafeFileHandle other = Open(path: path);

        Assert.Equal(0, Lock(file));
        Assert.Equal(Errno.EAGAIN, Lock(other));
        Assert.Equal(Errno.EAGAIN, LockInChild(s_bytes, path));
        file.Dispose();
        Assert.Equal(0, LockInChild(s_bytes, path));
    }

    /// <summary>
    /// Also where the one was opened before the file was copied up and the other after it. But who goes past the overlay to the layer is
    /// not met: that is another inode.
    /// </summary>
    [Fact]
    public void On_overlayfs_all_who_come_through_it_meet()
    {
        using Requires.TinyFileSystem overlay = Requires.Overlay(_directory, "file", new byte[16]);
        string path = Path.Combine(overlay.Path, "file");
        using SafeFileHandle lower = Open(PlainCalls.O_RDONLY, path), upper = Open(PlainCalls.O_RDWR, path);
        using SafeFileHandle layer = Open(PlainCalls.O_RDWR, Path.Combine(overlay.Below!.Path, "upper", "file"));

        Assert.Equal(0, Lock(lower, exclusive: false));

        Assert.Equal(Errno.EAGAIN, Lock(upper));
        Assert.Equal(0, Lock(layer));
    }

    public void Dispose() => _directory.Dispose();

    private static int Lock(SafeFileHandle file, bool exclusive = true) => OpenFileLock.TryLock(file, s_bytes, exclusive);

    private static int? Other(SafeFileHandle file)
    {
        Assert.Equal(0, OpenFileLock.TryFindOther(file, s_bytes, out int? process));
        return process;
    }

    private static void End(Process child)
    {
        child.StandardInput.WriteLine();
        Assert.True(child.WaitForExit(Soon.Patience), "the child did not end");
    }

    private SafeFileHandle Open(int flags = PlainCalls.O_RDWR, string? path = null) =>
        PlainCalls.Open(path ?? _directory.File(), flags | PlainCalls.O_CREAT);

    private int LockInChild(FileRange bytes, string? path = null)
    {
        ChildProcess.Result child = ChildProcess.Run(
            LockCases.TryLock, path ?? _directory.File(), $"{bytes.Offset}", $"{bytes.Length}");
        Assert.True(child.ExitCode == 0, $"{child}");
        return int.Parse(child.Output, System.Globalization.CultureInfo.InvariantCulture);
    }

    private Process StartHolding(Func<string[], int> body)
    {
        Process child = ChildProcess.Start(body, _directory.File(), $"{s_bytes.Offset}", $"{s_bytes.Length}");
        Assert.Equal("0", child.StandardOutput.ReadLine());
        return child;
    }
}
