using System.Diagnostics;
using System.Runtime.InteropServices;
using DirectMap.Backings;
using DirectMap.Durability;
using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Mapping;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Durability;

public abstract class PersistTests(FileBackingKind backing) : FileTest(backing)
{
    [Fact]
    public void Persisting_a_range_leaves_none_of_its_pages_dirty_also_not_the_last_one()
    {
        // The last byte lies just behind a 4 MiB boundary, so on another folio than the rest (ext4 writes whole folios), and on a page that
        // the length alone, counted from the first page's begin, does not reach: the BCL's Flush leaves it dirty.
        using DirectFile file = Create(8 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Requires.Have("device-fs", IsOnDevice, "needs a temp folder on a device: in memory pages are never written back");
        long end = (4 << 20) + 5;
        long offset = (4 << 20) - (2 * PageSize) - 3;
        region.Write(offset, 1L);
        region.Write(end - 8, 1L);
        Assert.NotEqual(0, ProcSelf.DirtyKibibytes(file.Path));

        region.Persist(offset, end - offset);

        Assert.Equal(0, ProcSelf.DirtyKibibytes(file.Path));
    }

    [Fact]
    public void Persisting_one_range_does_not_write_the_others()
    {
        NeedsLinuxBacking("the BCL knows no ranges when it flushes");
        using DirectFile file = Create(32 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Requires.Have("device-fs", IsOnDevice, "needs a temp folder on a device: in memory pages are never written back");
        region.Write(0, 1L);
        region.Write(24 << 20, 1L);

        region.Persist(0, 8);

        Assert.NotEqual(0, ProcSelf.DirtyKibibytes(file.Path));
        region.Persist();
        Assert.Equal(0, ProcSelf.DirtyKibibytes(file.Path));
    }

    [Fact]
    public void Persisting_nothing_is_allowed()
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        region.Persist(0, 0);
        region.Persist(region.Length, 0);
    }

    [Fact]
    public void Persist_throws_when_somebody_truncated_the_file_behind_the_library()
    {
        using DirectFile file = Create(8 * PageSize);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using (FileStream elsewhere = new(file.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            elsewhere.SetLength(2 * PageSize);
        }

        MappingFaultException fault = Assert.Throws<MappingFaultException>(() => region.Persist(4 * PageSize, 8));

        Assert.Equal(FaultCause.BeyondEndOfFile, fault.Cause);
        Assert.Equal(new FileRange(4 * PageSize, 8), fault.Range);
        region.Persist(0, 2 * PageSize); // what is left is still durable
    }

    [Fact]
    public void Persist_throws_when_the_region_is_revoked_while_it_runs()
    {
        using DirectFile file = Create(64 << 20);
        for (int attempt = 0; attempt < 20; attempt++)
        {
            using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
            Requires.Have("device-fs", IsOnDevice, "needs a temp folder on a device: in memory msync returns at once");
            Exception? told = null;
            string? systemCall = null;
            Thread persister = new(() =>
            {
                for (int offset = 0; offset < 64 << 20; offset += PageSize)
                {
                    region.Write(offset, Stopwatch.GetTimestamp());
                }

                Volatile.Write(ref systemCall, $"/proc/{new FileInfo("/proc/thread-self").LinkTarget}/syscall");
                told = Record.Exception(region.Persist);
            });
            persister.Start();
            Soon.Until(() => !persister.IsAlive || (systemCall is not null && IsInMsync(systemCall)), "the thread is in msync");
            region.Core.Mapping.Invalidate(MappingLife.Revoked);
            bool wasRevokedInside = systemCall is not null && IsInMsync(systemCall);
            Assert.True(persister.Join(Soon.Patience));
            if (wasRevokedInside)
            {
                // msync itself succeeds: the pages that it does not find any more are no error to it.
                Assert.Equal(FaultAccess.Persist, Assert.IsType<MappingFaultException>(told).Access);
                return;
            }
        }

        Requires.Have("slow-msync", false, "msync was always done before the revocation");
    }

    [Fact]
    public void A_writeback_failure_that_one_region_was_told_of_is_told_to_every_region_and_file_object_that_was_there()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion first = file.Map(MapOptions.DirectOrEmulated);
        using MappedRegion second = other.Map(MapOptions.DirectOrEmulated);
        using InodeReference inode = FileBackings.Of(Backing)
            .Open(file.Path, FileAccess.ReadWrite, new FileBinding(Coordinator, "the test"));
        inode.Inode.EndSync(inode.Inode.Syncs.Begin(), 12); // ENOMEM is about the call, not about the data
        second.Persist();

        inode.Inode.EndSync(inode.Inode.Syncs.Begin(), 28); // as the first one whose msync or fsync the kernel tells

        Assert.Equal(28, Assert.Throws<WritebackFailureException>(() => first.Persist(0, 8)).HResult);
        Assert.Equal(28, Assert.Throws<WritebackFailureException>(second.Persist).HResult);
        Assert.Equal(28, Assert.Throws<WritebackFailureException>(second.Persist).HResult);
        Assert.Equal(28, Assert.Throws<WritebackFailureException>(file.Flush).HResult);
    }

    [Fact]
    public void A_writeback_failure_is_reported_at_every_persist_of_every_region_until_it_is_acknowledged()
    {
        using DirectFile file = Create();
        using InodeReference inode = FileBackings.Of(Backing)
            .Open(file.Path, FileAccess.ReadWrite, new FileBinding(Coordinator, "the test"));
        inode.Inode.EndSync(inode.Inode.Syncs.Begin(), 5);
        using DirectFile later = Open();
        using MappedRegion region = later.Map(MapOptions.DirectOrEmulated);
        Assert.Equal(5, Assert.Throws<WritebackFailureException>(region.Persist).HResult);
        Assert.Equal(5, Assert.Throws<WritebackFailureException>(region.Persist).HResult);
        Assert.Equal(5, Assert.Throws<WritebackFailureException>(later.Flush).HResult);
        WritebackFailure failure = Assert.IsType<WritebackFailure>(later.WritebackFailure);
        Assert.Equal(5, failure.Errno);
        Assert.Contains("EIO", failure.Message, StringComparison.Ordinal);

        later.AcknowledgeWritebackFailure(failure);

        Assert.Null(later.WritebackFailure);
        region.Persist();
        later.Flush();
    }

    [Fact]
    public void Who_was_there_at_a_failure_that_somebody_else_has_acknowledged_is_told_once()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion there = file.Map(MapOptions.DirectOrEmulated);
        using InodeReference inode = FileBackings.Of(Backing)
            .Open(file.Path, FileAccess.ReadWrite, new FileBinding(Coordinator, "the test"));
        inode.Inode.EndSync(inode.Inode.Syncs.Begin(), 5);

        other.AcknowledgeWritebackFailure(other.WritebackFailure!);

        using MappedRegion later = file.Map(MapOptions.DirectOrEmulated);
        later.Persist();
        WritebackFailureException told = Assert.Throws<WritebackFailureException>(there.Persist);
        Assert.Equal(5, told.HResult);
        Assert.True(told.IsAcknowledged);
        there.Persist();
        Assert.Equal(5, Assert.Throws<WritebackFailureException>(other.Flush).HResult);
        other.Flush();
    }

    [Fact]
    public void To_acknowledge_a_failure_acknowledges_no_later_one_and_none_of_another_file()
    {
        using DirectFile file = Create();
        using DirectFile another = Create(name: "another");
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using InodeReference inode = FileBackings.Of(Backing)
            .Open(file.Path, FileAccess.ReadWrite, new FileBinding(Coordinator, "the test"));
        inode.Inode.EndSync(inode.Inode.Syncs.Begin(), 5);
        WritebackFailure first = file.WritebackFailure!;
        inode.Inode.EndSync(inode.Inode.Syncs.Begin(), 28);

        file.AcknowledgeWritebackFailure(first);

        Assert.Equal(28, Assert.Throws<WritebackFailureException>(region.Persist).HResult);
        Assert.Equal(28, file.WritebackFailure?.Errno);
        Assert.Throws<ArgumentException>(() => another.AcknowledgeWritebackFailure(first));
    }

    [Fact]
    public void On_a_device_that_fails_and_recovers_bytes_are_durable_again_after_acknowledging_and_writing_them_again()
    {
        Requires.Root();
        using TestDirectory directory = new();
        using Requires.TinyFileSystem store = Requires.TinyTmpfs(directory, 24 << 10);
        string image = Path.Combine(store.Path, "image");
        using Requires.TinyFileSystem device = Requires.Ext4(directory, 4096, image, "-O", "^has_journal");
        using DirectFile file = DirectFile.Open(Sparse(device.Path, 4 << 20), Options);
        file.Allocate(0, 4 << 20); // Unwritten: the device has no blocks for them yet.
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        using MappedRegion bystander = file.Map(MapOptions.Ordinary);
        DiskFill fill = new(store.Path);
        region.Write(1 << 20, 42L);

        int reported = Assert.Throws<WritebackFailureException>(region.Persist).HResult;

        Assert.Contains(reported, (int[])[5, 28]);
        fill.Dispose();
        Assert.Equal(reported, Assert.Throws<WritebackFailureException>(region.Persist).HResult);
        file.AcknowledgeWritebackFailure(file.WritebackFailure!);
        region.Write(1 << 20, 43L);
        region.Persist();
        Assert.Equal(reported, Assert.Throws<WritebackFailureException>(bystander.Persist).HResult);
        bystander.Persist();

        static string Sparse(string folder, long length)
        {
            string path = Path.Combine(folder, "file");
            using FileStream stream = File.Create(path);
            stream.SetLength(length);
            return path;
        }
    }

    [Fact]
    public void A_sync_that_went_well_is_done_only_when_those_that_overlapped_it_have_said_what_they_were_told()
    {
        SyncLedger ledger = new();
        int first = ledger.Begin();
        int second = ledger.Begin();
        int? seen = null;
        Thread well = new(() =>
        {
            ledger.End(second, 0);
            seen = ledger.LastFailure.Errno;
        });
        well.Start();
        Soon.Until(() => well.ThreadState.HasFlag(System.Threading.ThreadState.WaitSleepJoin), "the sync that went well waits");
        int later = ledger.Begin(); // is not waited for

        ledger.End(first, 5);

        Assert.True(well.Join(Soon.Patience));
        Assert.Equal(5, seen);
        ledger.End(later, 0);
    }

    [Fact]
    public void A_sync_that_is_interrupted_while_it_waits_for_others_has_given_its_place_back()
    {
        SyncLedger ledger = new();
        int first = ledger.Begin();
        int second = ledger.Begin();
        Exception? thrown = null;
        Thread waiting = new(() => thrown = Record.Exception(() => ledger.End(second, 0)));
        waiting.Start();
        Soon.Until(() => waiting.ThreadState.HasFlag(System.Threading.ThreadState.WaitSleepJoin), "it waits for the other one");

        waiting.Interrupt();

        Assert.True(waiting.Join(Soon.Patience));
        Assert.IsType<ThreadInterruptedException>(thrown);
        ledger.End(first, 0);
        Thread later = new(() => ledger.End(ledger.Begin(), 0)) { IsBackground = true };
        later.Start();
        Assert.True(later.Join(Soon.Patience), "a later sync waits for one that has ended");
    }

    [Fact]
    public void A_read_only_region_can_be_persisted()
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { Access = MappingAccess.Read });

        region.Persist();
    }

    private static bool IsInMsync(string systemCall)
    {
        string number = RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "227 " : "26 ";
        try
        {
            return File.ReadAllText(systemCall).StartsWith(number, StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false; // The thread is gone, or going: whose memory is gone may be looked at by root only.
        }
    }

    [Fact]
    public void A_writeback_failure_is_still_reported_after_everybody_has_closed_the_file_and_an_old_one_acknowledges_no_new_one()
    {
        WritebackFailure old;
        using (DirectFile file = Create())
        {
            using InodeReference inode = FileBackings.Of(Backing)
                .Open(file.Path, FileAccess.ReadWrite, new FileBinding(Coordinator, "the test"));
            inode.Inode.EndSync(inode.Inode.Syncs.Begin(), 5);
            old = file.WritebackFailure!;
        }

        using (DirectFile file = Open())
        {
            Assert.Equal(5, file.WritebackFailure?.Errno);
            using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
            Assert.Equal(5, Assert.Throws<WritebackFailureException>(region.Persist).HResult);
            file.AcknowledgeWritebackFailure(old);
            region.Persist();
        }

        using DirectFile again = Open();
        Assert.Null(again.WritebackFailure);
        using InodeReference later = FileBackings.Of(Backing)
            .Open(again.Path, FileAccess.ReadWrite, new FileBinding(Coordinator, "the test"));
        later.Inode.EndSync(later.Inode.Syncs.Begin(), 28);
        again.AcknowledgeWritebackFailure(old);
        Assert.Equal(28, again.WritebackFailure?.Errno);
        Assert.Equal(28, Assert.Throws<WritebackFailureException>(again.Flush).HResult);
        again.AcknowledgeWritebackFailure(again.WritebackFailure!);
    }
}
