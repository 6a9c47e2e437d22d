using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Regions;

public abstract class CompareExchangeTests(FileBackingKind backing) : RegionTest(Length, backing)
{
    private const int Length = 10_000;

    [Fact]
    public void A_value_is_replaced_only_when_it_is_the_expected_one_whatever_its_size()
    {
        Check<byte>(1, 2);
        Check<sbyte>(-1, -2);
        Check<short>(1, -2);
        Check<ushort>(1, ushort.MaxValue);
        Check('a', 'b');
        Check(1, -2);
        Check<uint>(1, uint.MaxValue);
        Check(1L, long.MinValue);
        Check<ulong>(1, ulong.MaxValue);
        Check(1.5f, -2.5f);
        Check(1.5, -2.5);
        Check<nint>(1, -2);
        Check(true, false);
    }

    [Fact]
    public void Enumerations_of_every_size_are_values_too()
    {
        Check(Small.One, Small.Two);
        Check(Medium.One, Medium.Two);
        Check(DayOfWeek.Monday, DayOfWeek.Friday);
        Check(Large.One, Large.Two);
    }

    private void Check<T>(T first, T second)
        where T : unmanaged
    {
        foreach (long offset in new[] { 0L, 4096L, Length - 16L })
        {
            Region.Write(offset, ulong.MaxValue);
            Region.Write(offset, first);

            Assert.Equal(first, Region.Atomics.CompareExchange(offset, second, second)); // not what is expected
            Assert.Equal(first, Region.Read<T>(offset));
            Assert.Equal(first, Region.Atomics.CompareExchange(offset, second, first));
            Assert.Equal(second, Region.Read<T>(offset));

            byte[] content = new byte[8];
            TheFile.Read(content, offset);
            int size = System.Runtime.CompilerServices.Unsafe.SizeOf<T>();
            Assert.True(System.Runtime.InteropServices.MemoryMarshal.Read<T>(content).Equals(second));
            Assert.All(content[size..], value => Assert.Equal(255, value));
        }
    }

    [Fact]
    public void Types_that_the_processor_cannot_exchange_are_not_supported_and_nothing_is_stored()
    {
        Region.Fill(0, 64, 1);

        Assert.Throws<NotSupportedException>(() => Region.Atomics.CompareExchange(0, Guid.NewGuid(), Guid.Empty));
        Assert.Throws<NotSupportedException>(() => Region.Atomics.CompareExchange(0, 1m, 2m));
        Assert.Throws<NotSupportedException>(() => Region.Atomics.CompareExchange(0, (Int128)1, (Int128)2));
        Assert.Throws<NotSupportedException>(() => Region.Atomics.CompareExchange(0, DateTime.MaxValue, DateTime.MinValue));
        Assert.Throws<NotSupportedException>(() => Region.Atomics.CompareExchange(0, default(Three), default));

        Assert.Equal(0x0101010101010101L, Region.Read<long>(0));
    }

    [Fact]
    public void An_unsupported_type_leaves_no_access_behind_that_would_keep_the_mapping()
    {
        Assert.Throws<NotSupportedException>(() => Region.Atomics.CompareExchange(0, Guid.NewGuid(), Guid.Empty));

        Task disposal = Task.Run(Region.Dispose); // waits for accesses that have begun, where the mapping has to go
        Soon.Until(() => disposal.IsCompleted, "the region is disposed");

        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
        Assert.Throws<ObjectDisposedException>(() => Region.Atomics.CompareExchange(0, Guid.NewGuid(), Guid.Empty));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(4092)]
    [InlineData(7)]
    public void An_offset_that_is_not_a_multiple_of_the_size_is_a_bad_argument_and_no_leak(long offset)
    {
        Assert.Equal("offset", Assert.Throws<ArgumentException>(() => Region.Atomics.CompareExchange(offset, 1L, 0L)).ParamName);

        Task disposal = Task.Run(Region.Dispose);
        Soon.Until(() => disposal.IsCompleted, "the region is disposed");
        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
    }

    [Theory]
    [InlineData(-8)]
    [InlineData(-1)]
    [InlineData(Length)]
    [InlineData(Length - 4)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void A_value_outside_the_region_is_out_of_range(long offset) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Region.Atomics.CompareExchange(offset, 1L, 0L));

    [Fact]
    public void A_region_smaller_than_the_value_is_not_overrun()
    {
        using DirectFile small = Create(3, "small");
        using MappedRegion region = small.Map(MapOptions.DirectOrEmulated);

        Assert.Throws<ArgumentOutOfRangeException>(() => region.Atomics.CompareExchange(0, 1, 0));
        Assert.Equal(0, region.Atomics.CompareExchange(2, (byte)1, (byte)0));
    }

    [Fact]
    public void Increments_of_many_threads_are_all_there()
    {
        const int Threads = 4;
        const int Increments = 20_000;
        using Barrier together = new(Threads);
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
        {
            together.SignalAndWait();
            for (int i = 0; i < Increments; i++)
            {
                for (long seen = Region.Read<long>(4088), was; ; seen = was)
                {
                    was = Region.Atomics.CompareExchange(4088, seen + 1, seen);
                    if (was == seen)
                    {
                        break;
                    }
                }
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        Assert.Equal(Threads * Increments, Region.Read<long>(4088));
    }

    [Fact]
    public void A_read_only_region_is_not_supported()
    {
        using MappedRegion region = TheFile.Map(MapOptions.DirectOrEmulated with { Access = MappingAccess.Read });

        Assert.Throws<NotSupportedException>(() => region.Atomics.CompareExchange(0, 1L, 0L));
        Assert.Equal(0, region.Read<long>(0));
    }

    [Fact]
    public void A_disposed_region_says_so_and_the_file_keeps_its_value()
    {
        Region.Dispose();

        Assert.Throws<ObjectDisposedException>(() => Region.Atomics.CompareExchange(0, 1L, 0L));
        Assert.All(File.ReadAllBytes(TheFile.Path), value => Assert.Equal(0, value));
    }

    [Fact]
    public void A_revoked_region_says_so()
    {
        using DirectFile other = Open();
        Assert.Throws<LeaseConflictException>(() => other.Write([1], 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        PassDeadline();
        Soon.Until(() => Region.State == RegionState.Revoked, "the region is revoked");

        MappingFaultException fault = Assert.Throws<MappingFaultException>(() => Region.Atomics.CompareExchange(8, 1L, 0L));

        Assert.Equal((FaultCause.Revoked, FaultAccess.Write, new FileRange(8, 8)), (fault.Cause, fault.Access, fault.Range));
    }

    [Fact]
    public void A_judged_exchange_is_a_store_also_when_nothing_would_be_replaced()
    {
        EmulatedBlockMap map = new(4 * PageSize);
        map.Set(new FileRange(PageSize, PageSize), ExtentFlags.Unwritten);
        using DirectFile file = DirectFile.Create(Folder.File("judged"), 4 * PageSize, Options with { BlockMap = map });
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { PolicyCheck = PolicyCheck.AtAccess });

        MappingFaultException refused = Assert.Throws<MappingFaultException>(() => region.Atomics.CompareExchange(PageSize, 1L, 5L));

        Assert.Equal(
            (FaultCause.Refused, RefusalReason.UnwrittenExtent, FaultAccess.Write), (refused.Cause, refused.Refusal, refused.Access));
        Assert.Equal(0L, region.Atomics.CompareExchange(0, 1L, 0L));
        Assert.Equal(1L, region.Read<long>(0));
    }

    private enum Small : byte
    {
        One = 1,
        Two = 2,
    }

    private enum Medium : short
    {
        One = 1,
        Two = -2,
    }

    private enum Large : ulong
    {
        One = 1,
        Two = ulong.MaxValue,
    }

    private readonly record struct Three(byte A, byte B, byte C);
}
