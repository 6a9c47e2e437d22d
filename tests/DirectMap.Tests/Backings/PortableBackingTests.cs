using DirectMap.Backings;
using DirectMap.Tests.Children;
using DirectMap.Tests.Docs;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Backings;

public sealed class PortableBackingTests() : FileTest(FileBackingKind.Portable)
{
    [Fact]
    public void The_whole_way_makes_no_system_call_of_the_librarys_own()
    {
        ChildProcess.Result result = ChildProcess.Run(PortableCases.WithoutPInvoke, Folder.Path);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("refused a call of the Linux backing", result.Output, StringComparison.Ordinal); // so the trap was set
    }

    [Fact]
    public void A_region_says_what_it_cannot_do()
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map();
        RegionFacts facts = region.Facts;

        Assert.Equal((FileBackingKind.Portable, FileBackingKind.Portable), (file.BackingKind, facts.BackingKind));
        Assert.Equal((true, BlockMapStability.Unverified, DurabilityKind.Unknown, RevocationKind.Cooperative, ProtectionLevel.ThisProcess),
            (facts.IsEmulated, facts.BlockMapStability, facts.Durability.Value, facts.Revocation.Value, region.Protection.Level));
        Assert.All(
            new[] { facts.Durability.Reason, facts.Revocation.Reason, region.Protection.Reason }, reason => Assert.NotEmpty(reason));
    }

    [Fact]
    public void On_Linux_a_region_is_revoked_by_replacing_its_pages()
    {
        using DirectFile file = DirectFile.Create(Folder.File(), 4096, Options with { Backing = FileBackingKind.Auto });
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        Assert.Equal((FileBackingKind.Linux, RevocationKind.PagesReplaced), (region.Facts.BackingKind, region.Facts.Revocation.Value));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Persistent_memory_or_a_frozen_layout_cannot_be_promised(bool layoutOnly)
    {
        using DirectFile file = Create();

        MapRefusedException refusal = Assert.Throws<MapRefusedException>(() =>
            file.Map(layoutOnly ? MapOptions.FrozenLayout : MapOptions.Direct));

        Assert.Contains("DirectOrEmulated", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Operations_change_the_emulated_block_map_as_a_file_system_would()
    {
        using DirectFile file = Create(16 * PageSize);
        Assert.Equal([(0, 16, ExtentFlags.None)], Pages(file));

        file.SetLength(20 * PageSize);
        Assert.Equal([(0, 16, ExtentFlags.None), (16, 4, ExtentFlags.Hole)], Pages(file));

        file.Allocate(17 * PageSize, PageSize);
        Assert.Equal(
            [(0, 16, ExtentFlags.None), (16, 1, ExtentFlags.Hole), (17, 1, ExtentFlags.Unwritten), (18, 2, ExtentFlags.Hole)], Pages(file));

        file.Write(new byte[2], (18 * PageSize) - 1);
        Assert.Equal(
            [(0, 16, ExtentFlags.None), (16, 1, ExtentFlags.Hole), (17, 2, ExtentFlags.None), (19, 1, ExtentFlags.Hole)], Pages(file));

        file.Write(Enumerable.Repeat((byte)7, 4 * PageSize).ToArray(), 0);
        file.PunchHole(PageSize - 1, PageSize + 2);
        file.ZeroRange(3 * PageSize, PageSize);
        Assert.Equal(
            [
                (0, 1, ExtentFlags.None), (1, 1, ExtentFlags.Hole), (2, 1, ExtentFlags.None),
                (3, 1, ExtentFlags.Unwritten), (4, 12, ExtentFlags.None)
            ],
            Pages(file)[..5]);
        byte[] expected = Enumerable.Repeat((byte)7, 3 * PageSize).ToArray();
        expected.AsSpan(PageSize - 1, PageSize + 2).Clear();
        Assert.Equal(expected, File.ReadAllBytes(file.Path)[..(3 * PageSize)]);

        file.SetLength((2 * PageSize) + 1);
        file.SetLength(4 * PageSize);
        Assert.Equal([(0, 1, ExtentFlags.None), (1, 1, ExtentFlags.Hole), (2, 1, ExtentFlags.None), (3, 1, ExtentFlags.Hole)], Pages(file));
    }

    [Fact]
    public void Holes_are_refused_until_the_file_is_prepared_and_bytes_that_others_wrote_there_stay()
    {
        using DirectFile file = Create(4 * PageSize);
        file.SetLength(8 * PageSize);
        File.OpenHandle(file.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite).Dispose();
        using (FileStream outsider = new(file.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            outsider.Position = 6 * PageSize;
            outsider.WriteByte(42);
        }

        Assert.Equal(RefusalReason.Hole, Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.DirectOrEmulated)).Reason);
        PrepareReport report = file.Prepare();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        Assert.Equal((4 * PageSize, 4 * PageSize), (report.Allocated, report.AlreadyWritten));
        Assert.Equal(42, region.Read<byte>(6 * PageSize));
    }

    [Fact]
    public void A_region_that_begins_in_the_middle_of_the_file_shows_those_bytes()
    {
        using DirectFile file = Create(64 * PageSize);
        file.Write([1, 2, 3], (17 * PageSize) + 5);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(17 * PageSize, 100) });
        region.Write(90, 77L);
        region.Persist(90, 8);

        Assert.Equal(3, region.Read<byte>(7));
        byte[] read = new byte[8];
        file.Read(read, (17 * PageSize) + 90);
        Assert.Equal(77L, BitConverter.ToInt64(read));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Read<long>(93));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Read<long>(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Write(93, 1L));
    }

    [Fact]
    public void A_read_only_region_cannot_be_written()
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { Access = MappingAccess.Read });

        Assert.Throws<NotSupportedException>(() => region.Write(0, 1L));
        Assert.Equal(0, region.Read<long>(0));
    }

    [Fact]
    public void Copying_a_range_works_and_sharing_blocks_does_not()
    {
        using DirectFile source = Create(3 << 20, "source");
        using DirectFile file = Create(PageSize, "file");
        byte[] data = new byte[3 << 20];
        new Random(1).NextBytes(data);
        source.Write(data, 0);

        Assert.Equal(data.Length - 5, file.CopyFrom(source, sourceOffset: 5, offset: 1, length: long.MaxValue - 5));

        Assert.Equal(data[5..], File.ReadAllBytes(file.Path)[1..]);
        Assert.Throws<NotSupportedException>(() => file.CloneFrom(source));
        Assert.Throws<NotSupportedException>(() => file.CloneFrom(source, 0, 0, PageSize));
        Assert.Throws<NotSupportedException>(() => file.DedupeFrom(source, 0, 0, PageSize));
        Assert.Throws<NotSupportedException>(() => file.CollapseRange(0, PageSize));
        Assert.Throws<NotSupportedException>(() => file.InsertRange(0, PageSize));
        Assert.Throws<NotSupportedException>(() => file.UnshareRange(0, PageSize));
    }

    [Fact]
    public void A_file_is_known_by_its_path_without_symbolic_links()
    {
        using DirectFile file = Create();
        Directory.CreateSymbolicLink(Folder.File("folder"), Folder.Path);
        Directory.CreateDirectory(Folder.File("elsewhere/inner"));
        Directory.CreateSymbolicLink(Folder.File("inner"), "elsewhere/inner");
        File.CreateSymbolicLink(Folder.File("link"), "inner/../../file.pmem"); // .. of where the link leads
        using DirectFile linked = Open("link");
        using DirectFile through = Open("folder/file.pmem");
        using DirectFile spelled = Open("./x/../file.pmem");

        Assert.All(new[] { linked, through, spelled }, other => Assert.Equal(file.Id, other.Id));
    }

    [Fact]
    public void Links_that_go_in_circles_are_an_error()
    {
        Directory.CreateSymbolicLink(Folder.File("a"), Folder.File("b"));
        Directory.CreateSymbolicLink(Folder.File("b"), Folder.File("a"));

        Assert.Contains(
            "ELOOP", Assert.Throws<IOException>(() => PortablePath.IdentityOf(Folder.File("a/file"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FileBackingKind.Linux, FileBackingKind.Portable)]
    [InlineData(FileBackingKind.Portable, FileBackingKind.Linux)]
    public void A_file_that_is_open_with_one_backing_is_not_opened_with_the_other(FileBackingKind first, FileBackingKind second)
    {
        using DirectFile file = DirectFile.Create(Folder.File(), 4096, Options with { Backing = first });

        InvalidOperationException refusal = Assert.Throws<InvalidOperationException>(() =>
            DirectFile.Open(Folder.File(), Options with { Backing = second }));

        Assert.Contains(first.ToString(), refusal.Message, StringComparison.Ordinal);
        Assert.Contains(second.ToString(), refusal.Message, StringComparison.Ordinal);
        file.Dispose();
        DirectFile.Open(Folder.File(), Options with { Backing = second }).Dispose();
    }

    [Fact]
    public void More_than_the_disk_has_is_refused_before_the_disk_is_filled()
    {
        using DirectFile file = Create();

        IOException full = Assert.Throws<IOException>(() => file.Allocate(0, 1L << 60));

        Assert.Equal((28, 64 << 10), (full.HResult, file.Length));
    }

    [Fact]
    public void Nothing_is_left_of_files_and_regions_that_were_disposed_or_forgotten()
    {
        using (DirectFile file = Create())
        {
            using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
            using ILayoutLease lease = file.AcquireLease();
        }

        Forget();
        Soon.Until(
            () =>
            {
                ProcSelf.CollectGarbage();
                return ProcSelf.DescriptorsOf(Folder.Path) == 0 && ProcSelf.MappingsOf(Folder.Path) == 0;
            },
            "descriptors and mappings are given back");

        void Forget() => Open().Map(MapOptions.DirectOrEmulated).Write(0, 1L);
    }

    [Fact]
    public void A_region_outlives_its_file_object()
    {
        DirectFile file = Create();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        file.Dispose();

        region.Write(0, 5L);
        region.Persist();

        Assert.Equal(5, File.ReadAllBytes(Folder.File("file.pmem"))[0]);
    }

    [Fact]
    public void Kinds_that_are_none_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => DirectFile.Open(Folder.File(), Options with { Backing = (FileBackingKind)7 }));
        Assert.Throws<ArgumentException>(() => new DirectFileFactory(new DirectMapOptions { Backing = (FileBackingKind)7 }));
    }

    [Fact]
    public void A_configuration_chooses_the_backing_and_a_file_may_choose_another()
    {
        DirectFileFactory factory = new(new DirectMapOptions { Backing = FileBackingKind.Portable });
        using DirectFile one = factory.Create(Folder.File("one"), 4096);
        using DirectFile two = factory.Create(Folder.File("two"), 4096, new DirectFileOptions { Backing = FileBackingKind.Linux });

        Assert.Equal((FileBackingKind.Portable, FileBackingKind.Linux), (one.BackingKind, two.BackingKind));
    }

    [Fact]
    public void What_is_made_where_a_deleted_file_is_open_is_one_file_for_whoever_opens_it_at_once()
    {
        for (int round = 0; round < 200; round++)
        {
            string path = Folder.File($"round{round}");
            using DirectFile predecessor = DirectFile.Create(path, PageSize, Options);
            File.Delete(path);
            DirectFile? found = null;
            using Barrier together = new(2);
            Thread opener = new(() =>
            {
                together.SignalAndWait();
                while (found is null)
                {
                    try
                    {
                        found = DirectFile.Open(path, Options);
                    }
                    catch (FileNotFoundException)
                    {
                        // Not yet.
                    }
                }
            });
            opener.Start();
            together.SignalAndWait();
            using DirectFile made = DirectFile.Create(path, PageSize, Options);
            opener.Join();

            Assert.Equal((made.Id, made.Length), (found!.Id, found.Length));
            Assert.NotEqual(predecessor.Id, made.Id);
            found.Dispose();
        }
    }

    [Theory]
    [InlineData("renamed")]
    [InlineData("linked")]
    public void A_file_that_is_open_here_is_not_opened_with_the_Linux_backing_by_another_name(string how)
    {
        using DirectFile file = Create();
        string name = Folder.File("other");
        if (how == "renamed")
        {
            File.Move(file.Path, name);
        }
        else
        {
            using System.Diagnostics.Process ln = System.Diagnostics.Process.Start("ln", [file.Path, name]);
            ln.WaitForExit();
        }

        Assert.Throws<InvalidOperationException>(() => DirectFile.Open(name, Options with { Backing = FileBackingKind.Linux }));

        file.Dispose();
        DirectFile.Open(name, Options with { Backing = FileBackingKind.Linux }).Dispose();
    }

    [Fact]
    public void Preparing_needs_the_space_of_the_holes_once()
    {
        using Requires.TinyFileSystem tiny = Requires.TinyTmpfs(Folder, kibibytes: 10 << 10);
        using DirectFile file = DirectFile.Create(Path.Combine(tiny.Path, "half"), PageSize, Options);
        file.SetLength(6 << 20);

        file.Allocate(0, 6 << 20);
        file.Prepare();

        Assert.All(file.GetExtents(), extent => Assert.True(extent.Flags == ExtentFlags.None || extent.Offset >= 6 << 20));
        Assert.Throws<IOException>(() => file.Allocate(0, 12 << 20));
        Assert.Equal(6 << 20, file.Length);
    }

    [Fact]
    public void Space_is_asked_for_also_when_the_file_has_lost_its_name()
    {
        using Requires.TinyFileSystem tiny = Requires.TinyTmpfs(Folder, kibibytes: 1 << 10);
        using DirectFile file = DirectFile.Create(Path.Combine(tiny.Path, "file"), PageSize, Options);
        file.SetLength(4 << 20);
        File.Delete(file.Path);

        Assert.Equal(28, Assert.ThrowsAny<IOException>(() => file.Prepare()).HResult); // and no signal
    }

    [Fact]
    public void To_punch_a_hole_into_a_hole_takes_no_space_and_to_zero_more_than_there_is_changes_nothing()
    {
        using Requires.TinyFileSystem tiny = Requires.TinyTmpfs(Folder, kibibytes: 2 << 10);
        using DirectFile file = DirectFile.Create(Path.Combine(tiny.Path, "file"), PageSize, Options);
        file.SetLength(16 << 20);

        file.PunchHole(0, 16 << 20);
        Assert.Equal(28, Assert.ThrowsAny<IOException>(() => file.ZeroRange(0, 32 << 20)).HResult);

        Assert.Equal(16 << 20, file.Length);
        DirectFile.Create(Path.Combine(tiny.Path, "next"), 1 << 20, Options).Dispose();
    }

    [Fact]
    public void A_copy_onto_itself_is_refused_as_on_Linux()
    {
        using DirectFile file = Create();

        Assert.Equal(22, Assert.Throws<ArgumentException>(() => file.CopyFrom(file, 0, PageSize, 2 * PageSize)).HResult);
    }

    [Fact]
    public void A_length_is_set_or_is_EFBIG_and_changes_nothing()
    {
        using DirectFile file = Create();

        Exception? refusal = Record.Exception(() => file.SetLength(long.MaxValue));

        // tmpfs and XFS have files of any length.
        Assert.True(
            refusal is null ? file.Length == long.MaxValue : refusal is IOException { HResult: 27 } && file.Length == 64 << 10,
            $"{refusal}");
    }

    private static List<(int Page, int Count, ExtentFlags Flags)> Pages(DirectFile file) =>
        [.. file.GetExtents().Select(extent => (
            (int)(extent.Offset / PageSize),
            (int)((Math.Min(extent.End, file.Length + PageSize - 1) - extent.Offset) / PageSize),
            extent.Flags))];

    [Fact]
    public void What_NET_throws_while_holes_are_filled_says_path_range_and_errno()
    {
        Requires.DevShm();
        using TestDirectory folder = new("/dev/shm");
        using DirectFile file = DirectFile.Create(folder.File(), PageSize, Options);
        file.SetLength(1L << 52); // More than there are addresses to map it at, of which .NET gives no number.

        Exception? refused = Record.Exception(() => file.Allocate(PageSize, (1L << 52) - PageSize));

        Assert.Equal(12, Assert.IsType<InsufficientMemoryException>(refused).HResult);
        Assert.Contains($"'{file.Path}', bytes [{PageSize}, {1L << 52})", refused.Message, StringComparison.Ordinal);
        Assert.Contains("(ENOMEM)", refused.Message, StringComparison.Ordinal);
    }
}
