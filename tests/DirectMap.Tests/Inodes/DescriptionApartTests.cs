using DirectMap.Backings;
using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Linux;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Inodes;

/// <summary>
/// The description with which a large sync waits when it meets others: it is in nobody's way, and goes with the file's other ones.
/// </summary>
public sealed class DescriptionApartTests : FileTest
{
    private const long Length = 32 << 20;
    private const int AccessMode = 3, CloseOnExec = 0x80000; // O_ACCMODE, O_CLOEXEC

    [Fact]
    public void It_is_opened_when_a_large_sync_meets_another_one_and_closed_with_the_file()
    {
        NeedsDescriptionApart();
        string path;
        using (ScriptedFile scripted = new(Folder.File("file"), Length, Options))
        {
            path = scripted.File.Path;
            using MappedRegion region = scripted.File.Map(MapOptions.Ordinary);
            region.Persist();
            Assert.Single(ProcSelf.DescriptorFlagsOf(path)); // It has met nobody.

            MeetAnother(scripted);
            region.Persist();
            region.Persist();
            scripted.File.Flush();

            int[] flags = ProcSelf.DescriptorFlagsOf(path);
            Assert.Equal([2, 3], flags.Select(each => each & AccessMode));
            Assert.All(flags, each => Assert.NotEqual(0, each & CloseOnExec)); // No child has it.
        }

        Assert.Empty(ProcSelf.DescriptorFlagsOf(path));
    }

    [Fact]
    public void What_keeps_it_from_being_opened_is_met_once_and_syncs_go_on_without()
    {
        using ScriptedFile scripted = new(Folder.File("file"), Length, Options);
        using MappedRegion region = scripted.File.Map(MapOptions.Ordinary);
        MeetAnother(scripted);
        Func<string, int?> meet = scripted.Backing.Before;
        List<string> calls = [];
        scripted.Backing.Before = call =>
        {
            calls.Add(call);
            return call == "TryOpenApart" ? 24 : meet(call);
        };

        region.Persist();
        region.Persist();

        Assert.Single(calls, "TryOpenApart");
        Assert.Contains("TryAwaitWriteback", calls);
        Assert.DoesNotContain("TryAwaitApart", calls);
    }

    [Fact]
    public void Record_locks_of_the_process_stay_while_the_file_is_open()
    {
        NeedsDescriptionApart();
        using ScriptedFile scripted = new(Folder.File("file"), Length, Options);
        using SafeFileHandle plain = PlainCalls.Open(scripted.File.Path, PlainCalls.O_RDWR);
        using SafeFileHandle watching = PlainCalls.Open(scripted.File.Path, PlainCalls.O_RDONLY);
        Assert.Equal(0, PlainCalls.LockRecord(plain, 100, 8).Errno);
        using MappedRegion region = scripted.File.Map(MapOptions.Ordinary);
        MeetAnother(scripted);

        region.Persist();
        using (DirectFile other = scripted.OpenAnother())
        {
            other.Flush();
        }

        Assert.Contains(3, ProcSelf.DescriptorFlagsOf(scripted.File.Path).Select(each => each & AccessMode));
        Assert.Equal(0, OpenFileLock.TryFindOther(watching, new FileRange(100, 8), out int? process));
        Assert.Equal(Environment.ProcessId, process);
    }

    [Fact]
    public void The_process_can_take_a_kernel_lease_that_no_other_opening_may_stand_beside_and_none_is_broken()
    {
        NeedsDescriptionApart();
        using ScriptedFile scripted = new(Folder.File("file"), Length, Options);
        using InodeReference reference = FileBackings.Of(FileBackingKind.Linux)
            .Open(scripted.File.Path, FileAccess.ReadWrite, new FileBinding(Coordinator, "the test"));
        using MappedRegion region = scripted.File.Map(MapOptions.Ordinary);
        Assert.False(KernelLease.IsHeld(reference.File.Handle));
        Assert.Equal(0, PlainCalls.SetWriteLease(reference.File.Handle, isTaken: true).Errno);
        Assert.True(KernelLease.IsHeld(reference.File.Handle));
        Assert.Null(reference.File.TryOpenApart()); // It would be SIGIO to the process.
        Assert.Equal(0, PlainCalls.SetWriteLease(reference.File.Handle, isTaken: false).Errno);
        MeetAnother(scripted);
        region.Persist();
        Assert.Contains(3, ProcSelf.DescriptorFlagsOf(scripted.File.Path).Select(each => each & AccessMode));

        Assert.Equal(0, PlainCalls.SetWriteLease(reference.File.Handle, isTaken: true).Errno);

        region.Persist();
        Assert.True(KernelLease.IsHeld(reference.File.Handle));
        Assert.Equal(0, PlainCalls.SetWriteLease(reference.File.Handle, isTaken: false).Errno);
    }

    [Fact]
    public void A_file_that_is_open_for_reading_only_has_none()
    {
        Create(Length).Dispose();
        using DirectFile file = DirectFile.Open(Folder.File("file.pmem"), Options with { Access = FileAccess.Read });
        using MappedRegion region = file.Map(MapOptions.Ordinary with { Access = MappingAccess.Read });
        Inode inode = region.Core.InodeForTests;
        int slot = inode.Syncs.Begin();
        using ManualResetEventSlim over = new();
        Thread others = new(() =>
        {
            while (!over.IsSet)
            {
                inode.EndSync(inode.Syncs.Begin(), Errno.EINVAL);
            }
        });
        others.Start();
        inode.EndSync(slot, Errno.EINVAL);

        region.Persist();

        over.Set();
        Assert.True(others.Join(Soon.Patience));
        Assert.Single(ProcSelf.DescriptorFlagsOf(file.Path));
    }

    /// <summary>Each piece that a large sync begins from now on is begun beside another sync.</summary>
    private static void MeetAnother(ScriptedFile file) => file.Backing.Before = call =>
    {
        if (call == "TryBeginWriteback")
        {
            file.Inode.EndSync(file.Inode.Syncs.Begin(), Errno.EINVAL);
        }

        return null;
    };
}
