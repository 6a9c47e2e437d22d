using DirectMap.Linux;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Layout;

/// <summary>Files that end within a page, where blocks are smaller than pages: the kernel's own list of extents is the judge.</summary>
public sealed class LastPageTests(RealFileSystems fileSystems) : FileTest
{
    /// <summary>Its last page has a block of it at most, and room for three more.</summary>
    private const long Odd = 98_305 + 700;

    private static readonly MapOptions s_range = MapOptions.DirectOrEmulated with { LeaseCoverage = LeaseCoverage.MappedRange };

    public static TheoryData<string, string> Growths()
    {
        TheoryData<string, string> rows = [];
        foreach (string fileSystem in (string[])[RealFileSystems.Ext4SmallBlocks, RealFileSystems.XfsSmallBlocks])
        {
            foreach (string growth in (string[])["SetLength", "little", "append", "gap", "gather", "Allocate", "ZeroRange", "Copy"])
            {
                rows.Add(fileSystem, growth);
            }
        }

        return rows;
    }

    [Theory]
    [InlineData(RealFileSystems.Ext4SmallBlocks)]
    [InlineData(RealFileSystems.XfsSmallBlocks)]
    public void A_file_of_any_length_is_mapped_to_its_last_byte_for_reading_and_writing(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        foreach (long length in (long[])[1, 1023, 1024, 1025, PageSize - 1, PageSize + 1, 100_001])
        {
            string path = directory.File($"{length}");
            using DirectFile file = DirectFile.Create(path, length, Options);
            using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
            using SafeFileHandle plain = PlainCalls.Open(path, PlainCalls.O_RDONLY);
            List<PlainCalls.Run> before = PlainCalls.Extents(plain);

            region.Write(length - 1, (byte)7);
            region.Persist();

            Assert.Equal(before, PlainCalls.Extents(plain));
            using DirectFile reader = DirectFile.Open(path, Options with { Access = FileAccess.Read });
            using MappedRegion read = reader.Map(MapOptions.DirectOrEmulated);
            Assert.Equal(7, read.Read<byte>(length - 1));
        }
    }

    [Theory]
    [MemberData(nameof(Growths))]
    public void After_the_owners_own_growth_a_store_to_the_last_page_changes_no_block(string fileSystem, string growth)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        string path = directory.File();
        using DirectFile file = DirectFile.Create(path, Odd, Options);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        Grow(file, directory, growth);

        using SafeFileHandle plain = PlainCalls.Open(path, PlainCalls.O_RDONLY);
        List<PlainCalls.Run> before = PlainCalls.Extents(plain);
        long end = Math.Min(file.Length, (Odd + PageSize - 1) / PageSize * PageSize);
        Assert.All(
            before.Where(run => run.Offset < end && run.Offset + run.Length > Odd), run => Assert.Equal(0u, run.Flags));
        Assert.Equal(end - Odd, before.Sum(run => Math.Max(0, Math.Min(end, run.Offset + run.Length) - Math.Max(Odd, run.Offset))));
        region.Write(Odd - 1, (byte)7);
        region.Persist();
        Assert.Equal(before, PlainCalls.Extents(plain));
        Assert.Equal(RegionState.Active, region.State);
    }

    [Fact]
    public void What_somebody_else_appends_far_behind_a_region_leaves_no_hole_in_its_last_page()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Ext4SmallBlocks);
        using DirectFile file = DirectFile.Create(directory.File(), Odd, Options);
        using DirectFile other = DirectFile.Open(directory.File(), Options);
        using MappedRegion region = file.Map(s_range);

        other.Write(new byte[100], 1 << 20);

        Assert.Equal(RegionState.Active, region.State); // Its bytes were not touched.
        using MappedRegion again = file.Map(s_range with { Range = new FileRange(0, Odd) });
    }

    [Fact]
    public void A_growth_that_fails_leaves_the_length_as_it_was()
    {
        using ScriptedFile scripted = Scripted();
        using MappedRegion region = scripted.File.Map(MapOptions.DirectOrEmulated);
        int calls = 0;
        scripted.Backing.Before = call => call == "TrySetLength" && calls++ == 0 ? PlainCalls.ENOSPC : null;

        IOException failed = Assert.Throws<IOException>(() => scripted.File.SetLength(1 << 20));

        Assert.Equal(PlainCalls.ENOSPC, failed.HResult);
        Assert.Equal((Odd, 1), (scripted.File.Length, calls)); // Nothing was to be given back.
    }

    [Theory]
    [InlineData("TryAllocate", PlainCalls.ENOSPC)] // of the blocks
    [InlineData("TryPopulate", PlainCalls.EINVAL)] // before Linux 5.14
    public void A_last_page_that_cannot_be_made_ready_is_told_by_name_and_the_file_does_not_grow(string failing, int errno)
    {
        using ScriptedFile scripted = Scripted();
        using MappedRegion region = scripted.File.Map(MapOptions.DirectOrEmulated);
        scripted.Backing.Before = call => call == failing ? errno : null;

        Exception told = Assert.ThrowsAny<Exception>(() => scripted.File.SetLength(1 << 20));

        Assert.Equal(errno, told.HResult);
        Assert.Contains("last mapped page", told.Message, StringComparison.Ordinal);
        Assert.Contains(scripted.File.Path, told.Message, StringComparison.Ordinal);
        Assert.Equal(Odd, scripted.File.Length);
    }

    [Theory]
    [InlineData(null, "the file has grown")]
    [InlineData(PlainCalls.ENOSPC, "ftruncate")] // What failed first is told.
    public void Blocks_that_cannot_be_written_after_the_growth_are_told(int? ofGrowth, string message)
    {
        using ScriptedFile scripted = Scripted();
        using MappedRegion region = scripted.File.Map(MapOptions.DirectOrEmulated);
        bool hasGrown = false;
        scripted.Backing.Before = call =>
        {
            if (call == "TrySetLength")
            {
                hasGrown = true;
                using SafeFileHandle other = File.OpenHandle(
                    scripted.File.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
                RandomAccess.SetLength(other, Odd + 2000);
                return ofGrowth;
            }

            return hasGrown && call == "TryPopulate" ? PlainCalls.EIO : null;
        };

        IOException told = Assert.Throws<IOException>(() => scripted.File.SetLength(1 << 20));

        Assert.Equal(ofGrowth ?? PlainCalls.EIO, told.HResult);
        Assert.Contains(message, told.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_somebody_else_writes_behind_the_end_while_the_file_grows_stays_there(bool fails)
    {
        using ScriptedFile scripted = Scripted();
        using MappedRegion region = scripted.File.Map(MapOptions.DirectOrEmulated);
        using SafeFileHandle other = File.OpenHandle(scripted.File.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        byte[] theirs = [1, 2, 3, 4, 5, 6, 7, 8];
        int count = 0;
        scripted.Backing.Before = call =>
        {
            RandomAccess.Write(other, theirs, Odd + (theirs.Length * count++));
            return fails && call == "TrySetLength" && count < 4 ? PlainCalls.ENOSPC : null;
        };

        Exception? failure = Record.Exception(() => scripted.File.SetLength(1 << 20));

        Assert.Equal(fails, failure is not null);
        Assert.InRange(count, 2, 20);
        byte[] found = new byte[theirs.Length * count];
        Assert.Equal(found.Length, RandomAccess.Read(other, found, Odd));
        Assert.All(found.Chunk(theirs.Length), chunk => Assert.Equal(theirs, chunk));
    }

    [Fact]
    public void Who_appends_at_the_same_time_loses_nothing()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Ext4SmallBlocks);
        for (int round = 0; round < 100; round++)
        {
            string path = directory.File($"{round}");
            using DirectFile file = DirectFile.Create(path, 1000, Options);
            using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
            using SafeFileHandle other = PlainCalls.Open(path, PlainCalls.O_WRONLY | PlainCalls.O_APPEND);
            using Barrier start = new(2);
            bool isDone = false;
            long last = 0;
            Thread appending = new(() =>
            {
                start.SignalAndWait();
                do
                {
                    PlainCalls.Write(other, BitConverter.GetBytes(++last), 0);
                }
                while (!Volatile.Read(ref isDone) && last < 10_000);
            });
            appending.Start();
            start.SignalAndWait();
            file.Allocate(0, 8000);
            Volatile.Write(ref isDone, true);
            Assert.True(appending.Join(Soon.Patience));

            // They may begin anywhere, since the length that the appender found may be any.
            byte[] all = File.ReadAllBytes(path);
            int at = 1000;
            for (long number = 1; number <= last; number++)
            {
                int found = all.AsSpan(at).IndexOf(BitConverter.GetBytes(number));
                Assert.True(found >= 0, $"round {round}: number {number} of {last} is gone");
                at += found + sizeof(long);
            }
        }
    }

    [Fact]
    public void A_thread_that_is_interrupted_while_its_file_grows_ends_the_growth_and_keeps_the_interrupt()
    {
        using ScriptedFile scripted = Scripted();
        using MappedRegion region = scripted.File.Map(MapOptions.DirectOrEmulated);
        using ManualResetEventSlim never = new();
        int slot = scripted.Inode.Syncs.Begin(); // The growth's own sync waits for it.
        Exception? failure = null;
        bool isKept = false;
        Thread growth = new(() =>
        {
            failure = Record.Exception(() => scripted.File.SetLength(1 << 20));
            isKept = Record.Exception(() => never.Wait(Soon.Patience)) is ThreadInterruptedException;
        });
        growth.Start();
        Soon.Until(() => (growth.ThreadState & ThreadState.WaitSleepJoin) != 0, "the growth waits");

        growth.Interrupt();
        scripted.Inode.EndSync(slot, 0);

        Assert.True(growth.Join(Soon.Patience + Soon.Patience));
        Assert.Null(failure);
        Assert.True(isKept);
        Assert.Equal(1 << 20, scripted.File.Length);
    }

    [Fact]
    public void A_copy_of_nothing_leaves_the_length_as_it_was()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Ext4SmallBlocks);
        using DirectFile file = DirectFile.Create(directory.File(), 1024, Options);
        using DirectFile source = DirectFile.Create(directory.File("source"), 4096, Options);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using SafeFileHandle plain = PlainCalls.Open(directory.File(), PlainCalls.O_RDONLY);
        List<PlainCalls.Run> before = PlainCalls.Extents(plain);

        Assert.Equal(0, file.CopyFrom(source, source.Length, 3000, 50));

        Assert.Equal(1024, file.Length);
        Assert.Equal(before, PlainCalls.Extents(plain));
    }

    [Theory]
    [InlineData(512, true, 1)]
    [InlineData(512, false, 0)] // Nobody has mapped the page.
    [InlineData(4096, true, 0)] // It is one block.
    public void Only_a_mapped_page_of_several_blocks_is_made_ready_for_the_file_to_grow(int blockSize, bool isMapped, int reservations)
    {
        Assert.SkipUnless(PageSize == 4096, "is about pages of 4096 bytes");
        using ScriptedFile scripted = Scripted(blockSize);
        using MappedRegion? region = isMapped ? scripted.File.Map(MapOptions.DirectOrEmulated) : null;
        int calls = 0;
        scripted.Backing.Before = call =>
        {
            calls += call == "TryAllocate" ? 1 : 0;
            return null;
        };

        scripted.File.Write(new byte[1], 1 << 20);

        Assert.Equal(reservations, calls);
    }

    [Fact]
    public void An_allocation_that_keeps_the_size_is_no_growth_where_it_is_held_against_the_limit()
    {
        using ScriptedFile scripted = Scripted();
        using MappedRegion region = scripted.File.Map(MapOptions.DirectOrEmulated);
        scripted.Backing.SizeLimit = 1 << 20;
        scripted.Backing.Stability = BlockMapStability.Unverified;
        int calls = 0;
        scripted.Backing.Before = call =>
        {
            calls++;
            return null;
        };

        scripted.File.Allocate(Odd, 2000, keepSize: true);

        Assert.Equal((Odd, 1), (scripted.File.Length, calls));
        Assert.Equal(PlainCalls.EFBIG, Assert.ThrowsAny<Exception>(() => scripted.File.Allocate(Odd, 1 << 20, keepSize: true)).HResult);
        Assert.Equal(1, calls);
    }

    [Fact]
    public void Writes_that_grow_nothing_do_not_wait_for_each_other()
    {
        using ScriptedFile scripted = Scripted();
        using ParkedThread writing = new(park =>
        {
            scripted.Backing.Before = call =>
            {
                park();
                return null;
            };
            scripted.File.Write(new byte[1], 0);
        });
        scripted.Backing.Before = _ => null;

        Thread other = new(() => scripted.File.Write(new byte[1], 2 * PageSize));
        other.Start();

        Assert.True(other.Join(Soon.Patience));
    }

    [Fact]
    public void Who_maps_while_the_file_grows_waits_for_the_growth_that_did_not_see_the_lease()
    {
        using ScriptedFile scripted = Scripted();
        using ParkedThread growth = new(park =>
        {
            scripted.Backing.Before = call =>
            {
                park();
                return null;
            };
            scripted.File.Write(new byte[1], 1 << 20);
        });
        scripted.Backing.Before = _ => null;
        MappedRegion? region = null;
        Thread mapping = new(() => Volatile.Write(ref region, scripted.File.Map(s_range with { Range = new FileRange(0, Odd) })));
        mapping.Start();
        Soon.Until(
            () => Coordinator.Snapshot(scripted.File.Id).Leases.Any() && (mapping.ThreadState & ThreadState.WaitSleepJoin) != 0,
            "the mapping waits with its lease");
        Assert.Null(Volatile.Read(ref region));

        Assert.Null(growth.Finish());

        Assert.True(mapping.Join(Soon.Patience));
        region!.Dispose();
    }

    /// <summary>A file on blocks that are said to be smaller than pages; it ends within a page.</summary>
    private ScriptedFile Scripted(int blockSize = 512)
    {
        ScriptedFile scripted = new(Folder.File(), Odd, Options, blockSize);
        scripted.File.Prepare();
        return scripted;
    }

    private void Grow(DirectFile file, TestDirectory directory, string growth)
    {
        const long Far = 1 << 20;
        switch (growth)
        {
            case "SetLength":
                file.SetLength(Far);
                break;
            case "little":
                file.SetLength(Odd + 1024);
                break;
            case "append":
                file.Write(new byte[9000], Odd);
                break;
            case "gap":
                file.Write(new byte[10], Far);
                break;
            case "gather":
                file.Write([new byte[5], new byte[6]], Far);
                break;
            case "Allocate":
                file.Allocate(Far, 4096);
                break;
            case "ZeroRange":
                file.ZeroRange(Far, 4096);
                break;
            default:
                using (DirectFile source = DirectFile.Create(directory.File("source"), 4096, Options))
                {
                    file.CopyFrom(source, 0, Far, 4096);
                }

                break;
        }
    }
}
