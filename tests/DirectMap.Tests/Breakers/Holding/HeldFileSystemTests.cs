using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Breakers.Holding;

/// <summary>What happens to the file system below while somebody waits.</summary>
public sealed class HeldFileSystemTests : HoldingTest
{
    private readonly Requires.TinyFileSystem _mounted;

    public HeldFileSystemTests(ForeignProgram program)
        : base(program) => _mounted = Requires.Ext4(Folder, 4096);

    private string Name => Path.GetRelativePath(Folder.Path, Path.Combine(_mounted.Path, "file.pmem"));

    public override void Dispose()
    {
        EndOthers();
        if (Directory.Exists(_mounted.Path) && IsMounted)
        {
            _mounted.Dispose();
        }

        base.Dispose();
    }

    private bool IsMounted => File.ReadAllText("/proc/self/mounts").Contains(_mounted.Path, StringComparison.Ordinal);

    [Fact]
    public async Task A_breaker_on_a_frozen_file_system_goes_on_when_it_is_thawed_and_until_then_no_lease_is_granted()
    {
        Requires.Have("fsfreeze", CCompiler.Has("fsfreeze"), "needs fsfreeze");
        using DirectFile file = Guarded(Long, name: Name);
        MappedRegion region = Map(file);
        ForeignProcess breaker = Writer(Name);
        Task<ForeignProcess.Answer> writing;
        Assert.Null(RealFileSystems.Run("fsfreeze", "-f", _mounted.Path));
        try
        {
            writing = breaker.Begin("pwrite 0 10");
            AwaitBreaks();
            region.Dispose();
            Soon.Until(
                () => ForeignProcess.StackOf(breaker.Id) is var stack && stack.Contains("vfs_write", StringComparison.Ordinal)
                    && !breaker.IsHeld,
                "the breaker waits for the file system");

            LeaseConflictException refused = Assert.Throws<LeaseConflictException>(() => file.AcquireLease());
            Assert.Equal(LeaseConflict.WouldBlock, refused.Conflict);
            Assert.False(writing.IsCompleted);
        }
        finally
        {
            Assert.Null(RealFileSystems.Run("fsfreeze", "-u", _mounted.Path));
        }

        Assert.Equal(0, (await writing.Within()).Errno);
        AssertCanBeMapped(file);
    }

    [Fact]
    public async Task A_breaker_that_finds_the_file_system_full_ends_its_break_too()
    {
        using DirectFile file = Guarded(Long, name: Name);
        MappedRegion region = Map(file);
        using (FileStream filler = File.Create(Path.Combine(_mounted.Path, "filler")))
        {
            void Fill()
            {
                while (true)
                {
                    filler.Write(new byte[64 << 10]);
                    filler.Flush(flushToDisk: true);
                }
            }

            Assert.Throws<IOException>(Fill);
        }

        ForeignProcess breaker = Writer(Name);
        Task<ForeignProcess.Answer> writing = breaker.Begin($"pwrite {1 << 20} {1 << 20}");
        AwaitBreaks();
        region.Dispose();
        Assert.Equal(ForeignProcess.ENOSPC, (await writing.Within()).Errno);

        AssertCanBeMapped(file);
        Assert.Equal(ProtectionLevel.Proved, file.Protection.Level);
    }

    [Fact]
    public async Task A_file_system_that_is_unmounted_lazily_is_guarded_until_its_last_file_is_closed()
    {
        string image = Folder.File("image");
        using (DirectFile file = Guarded(Long, name: Name))
        {
            MappedRegion region = Map(file);
            ForeignProcess breaker = Writer(Name);
            Assert.Null(RealFileSystems.Run("umount", "-l", _mounted.Path));

            Task<ForeignProcess.Answer> writing = breaker.Begin("pwrite 0 10");
            AwaitBreaks();
            Assert.Equal(0, region.Read<byte>(0));
            region.Dispose();
            Assert.Equal(0, (await writing.Within()).Errno);
            AssertCanBeMapped(file);
            breaker.Kill();
        }

        Soon.Until(
            () => RealFileSystems.Run(out string loops, "losetup", "-j", image) is null && loops.Length == 0,
            "nothing keeps the file system");
    }
}
