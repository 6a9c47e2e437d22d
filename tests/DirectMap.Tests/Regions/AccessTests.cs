using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Regions;

public abstract class AccessTests(FileBackingKind backing) : RegionTest(length: 10_000, backing)
{
    [Fact]
    public void What_is_written_is_read_aligned_or_not_and_is_in_the_file()
    {
        for (int offset = 0; offset < 16; offset++)
        {
            Region.Write(offset, 0x0102030405060708L);
            Assert.Equal(0x0102030405060708L, Region.Read<long>(offset));
        }

        Region.Write(9_984, Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"));
        byte[] read = new byte[16];
        TheFile.Read(read, 9_984);
        Assert.Equal(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), new Guid(read));
        Region.Write(9_999, (byte)1);
        Assert.Equal(1, Region.Read<byte>(9_999));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(9_993)]
    [InlineData(10_000)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    [InlineData(-8)]
    public void An_access_outside_the_region_is_a_bad_argument(long offset)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Region.Read<long>(offset));
        Assert.Throws<ArgumentOutOfRangeException>(() => Region.Write(offset, 1L));
        Assert.Throws<ArgumentOutOfRangeException>(() => { Region.OpenScope(offset, 8).Dispose(); });
        Assert.Throws<ArgumentOutOfRangeException>(() => Region.Persist(offset, 8));
    }

    [Fact]
    public void A_value_larger_than_the_region_is_a_bad_argument()
    {
        using DirectFile small = Create(3, "small");
        using MappedRegion region = small.Map(MapOptions.DirectOrEmulated);

        Assert.Throws<ArgumentOutOfRangeException>(() => region.Read<long>(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Write(0, 1L));
        Assert.Equal(3, new FileInfo(small.Path).Length);
    }

    [Fact]
    public void Negative_and_overflowing_lengths_are_bad_arguments()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => { Region.OpenScope(0, -1).Dispose(); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { Region.OpenScope(9_999, int.MaxValue).Dispose(); });
        Assert.Throws<ArgumentOutOfRangeException>(() => Region.Persist(0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Region.Persist(1, long.MaxValue));
    }

    [Fact]
    public void Nothing_is_allocated_on_access_scope_or_persist()
    {
        NeedsLinuxBacking("the BCL allocates when it flushes");
        UseOnce(); // the thread's slots, the JIT
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int i = 0; i < 1000; i++)
        {
            UseOnce();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void UseOnce()
        {
            Region.Write(8, Region.Read<long>(0) + 1);
            using RegionScope scope = Region.OpenScope(0, 100);
            scope.Span[1]++;
            scope.Complete();
            Region.Persist(0, 0);
        }
    }

    [Fact]
    public void A_disposed_region_says_so_on_every_call()
    {
        Region.Dispose();
        Region.Dispose();

        Assert.Equal(RegionState.Disposed, Region.State);
        Assert.Throws<ObjectDisposedException>(() => Region.Read<long>(0));
        Assert.Throws<ObjectDisposedException>(() => Region.Write(0, 1L));
        Assert.Throws<ObjectDisposedException>(() => { Region.OpenScope(0, 1).Dispose(); });
        Assert.Throws<ObjectDisposedException>(() => Region.Persist());
        Assert.Equal(0, TheFile.Read(new byte[1], 20_000));
    }

    [Fact]
    public void A_write_after_Dispose_does_not_reach_the_file()
    {
        Region.Dispose();

        Assert.Throws<ObjectDisposedException>(() => Region.Write(0, -1L));

        Assert.All(File.ReadAllBytes(TheFile.Path), value => Assert.Equal(0, value));
    }

    [Fact]
    public void The_mapping_is_not_inherited_by_children()
    {
        string[] smaps = File.ReadAllLines("/proc/self/smaps");
        int line = Array.FindIndex(smaps, text => text.EndsWith(TheFile.Path, StringComparison.Ordinal));
        string flags = smaps.Skip(line).First(text => text.StartsWith("VmFlags:", StringComparison.Ordinal));

        Assert.Contains(" dc", flags, StringComparison.Ordinal); // VM_DONTCOPY
    }

    [Fact]
    public void A_region_outlives_its_file_object_a_rename_and_an_unlink()
    {
        string renamed = Folder.File("renamed");
        File.Move(TheFile.Path, renamed);
        TheFile.Dispose();
        File.Delete(renamed);

        Region.Write(0, 3L);
        Region.Persist();

        Assert.Equal(3L, Region.Read<long>(0));
        Assert.Equal(RegionState.Active, Region.State);
    }
}
