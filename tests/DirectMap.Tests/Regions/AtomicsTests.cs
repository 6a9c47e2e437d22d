using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Regions;

/// <summary>All atomic operations together; <see cref="CompareExchangeTests"/> has more about one of them.</summary>
public abstract class AtomicsTests(FileBackingKind backing) : RegionTest(Length, backing)
{
    private const int Length = 10_000;

    /// <summary>Each of them on 8 bytes, which it would change where they are 0x0101010101010101.</summary>
    private static readonly (string Name, Action<MappedRegion, long> Run)[] s_stores =
    [
        ("Exchange", (region, offset) => region.Atomics.Exchange(offset, 2L)),
        ("CompareExchange", (region, offset) => region.Atomics.CompareExchange(offset, 2L, 0x0101010101010101L)),
        ("Add", (region, offset) => region.Atomics.Add(offset, 1L)),
        ("And", (region, offset) => region.Atomics.And(offset, 2L)),
        ("Or", (region, offset) => region.Atomics.Or(offset, 2L)),
        ("WriteRelease", (region, offset) => region.Atomics.WriteRelease(offset, 2L)),
    ];

    private static readonly (string Name, Action<MappedRegion, long> Run)[] s_all =
        [.. s_stores, ("ReadAcquire", (region, offset) => region.Atomics.ReadAcquire<long>(offset))];

    [Fact]
    public void Each_operation_on_each_type_does_what_an_array_would_after_thousands_of_them()
    {
        byte[] model = new byte[Length];
        Random random = new(21);
        for (int round = 0; round < 300; round++)
        {
            Exchanges<byte>(model, random);
            Exchanges<sbyte>(model, random);
            Exchanges<short>(model, random);
            Exchanges<ushort>(model, random);
            Exchanges<char>(model, random);
            Exchanges<int>(model, random);
            Exchanges<uint>(model, random);
            Exchanges<long>(model, random);
            Exchanges<ulong>(model, random);
            Exchanges<nint>(model, random);
            Exchanges<nuint>(model, random);
            Exchanges<float>(model, random);
            Exchanges<double>(model, random);
            Exchanges<DayOfWeek>(model, random);
            Integers<int>(model, random);
            Integers<uint>(model, random);
            Integers<long>(model, random);
            Integers<ulong>(model, random);
            Integers<nint>(model, random);
            Integers<nuint>(model, random);
        }

        byte[] content = new byte[Length];
        Region.CopyTo(0, content);
        Assert.Equal(model, content);
        TheFile.Read(content, 0);
        Assert.Equal(model, content);
    }

    /// <summary>Bits are compared: a float that is no number is not equal to itself.</summary>
    private void Exchanges<T>(byte[] model, Random random)
        where T : unmanaged
    {
        long offset = Place<T>(random);
        T before = At<T>(model, offset);
        AssertBits(before, Region.Atomics.ReadAcquire<T>(offset));

        T value = Any<T>(random);
        AssertBits(before, Region.Atomics.Exchange(offset, value));
        At<T>(model, offset) = value;

        T next = Any<T>(random);
        T other = Any<T>(random);
        AssertBits(value, Region.Atomics.CompareExchange(offset, next, value));
        AssertBits(next, Region.Atomics.CompareExchange(offset, value, other));
        At<T>(model, offset) = Bits(other).SequenceEqual(Bits(next)) ? value : next;

        long another = Place<T>(random);
        T written = Any<T>(random);
        Region.Atomics.WriteRelease(another, written);
        At<T>(model, another) = written;
        AssertBits(written, Region.Read<T>(another));
    }

    private void Integers<T>(byte[] model, Random random)
        where T : unmanaged, IBinaryInteger<T>
    {
        long offset = Place<T>(random);
        T before = At<T>(model, offset);
        T value = Any<T>(random);
        switch (random.Next(3))
        {
            case 0:
                Assert.Equal(unchecked(before + value), Region.Atomics.Add(offset, value)); // the new one
                At<T>(model, offset) = unchecked(before + value);
                break;
            case 1:
                Assert.Equal(before, Region.Atomics.And(offset, value)); // the old one, as with Or
                At<T>(model, offset) = before & value;
                break;
            default:
                Assert.Equal(before, Region.Atomics.Or(offset, value));
                At<T>(model, offset) = before | value;
                break;
        }

        Assert.Equal(At<T>(model, offset), Region.Read<T>(offset));
    }

    /// <summary>Few places, so that types meet; the first ones, some across a page, and the last ones.</summary>
    private static long Place<T>(Random random)
        where T : unmanaged
    {
        int size = Unsafe.SizeOf<T>();
        long[] starts = [0, 4096 - 16, (Length & ~15) - 16];
        long from = starts[random.Next(starts.Length)];
        return from + (random.Next(Math.Min(32, (int)(Length - from)) / size) * size);
    }

    private static T Any<T>(Random random)
        where T : unmanaged
    {
        Span<byte> bits = stackalloc byte[Unsafe.SizeOf<T>()];
        random.NextBytes(bits);
        return MemoryMarshal.Read<T>(bits);
    }

    private static ref T At<T>(byte[] model, long offset)
        where T : unmanaged => ref MemoryMarshal.AsRef<T>(model.AsSpan((int)offset));

    private static byte[] Bits<T>(T value)
        where T : unmanaged => MemoryMarshal.AsBytes([value]).ToArray();

    private static void AssertBits<T>(T expected, T actual)
        where T : unmanaged => Assert.Equal(Bits(expected), Bits(actual));

    [Fact]
    public void Values_of_4_bytes_at_the_very_end_are_within_the_region_and_those_behind_are_not()
    {
        using DirectFile odd = Create(Length + 3, "odd");
        using MappedRegion region = odd.Map(MapOptions.DirectOrEmulated);

        Assert.Equal(7, region.Atomics.Add(Length - 4, 7));
        Assert.Equal(7, region.Atomics.ReadAcquire<int>(Length - 4));
        region.Atomics.WriteRelease<ushort>(Length, 9);
        region.Atomics.WriteRelease<byte>(Length + 2, 8);

        Assert.Throws<ArgumentOutOfRangeException>(() => region.Atomics.Add(Length, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Atomics.ReadAcquire<int>(Length));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Atomics.ReadAcquire<ushort>(Length + 2));
        Assert.Equal([7, 0, 0, 0, 9, 0, 8], File.ReadAllBytes(odd.Path)[(Length - 4)..]);
    }

    [Fact]
    public void Outside_of_the_region_every_operation_is_out_of_range()
    {
        foreach ((string name, Action<MappedRegion, long> run) in s_all)
        {
            foreach (long offset in (long[])[-8, -1, Length, Length - 4, long.MaxValue - 7, long.MinValue])
            {
                Exception? thrown = Record.Exception(() => run(Region, offset));
                Assert.True(thrown is ArgumentOutOfRangeException, $"{name} at {offset}: {thrown}");
            }
        }
    }

    [Fact]
    public void A_torn_value_is_a_bad_argument_of_every_operation_and_nothing_is_stored()
    {
        Region.Fill(0, Length, 1);
        foreach ((string name, Action<MappedRegion, long> run) in s_all)
        {
            foreach (long offset in (long[])[1, 2, 4, 4092, Length - 9])
            {
                Exception? thrown = Record.Exception(() => run(Region, offset));
                Assert.True(thrown is ArgumentException { ParamName: "offset" } and not ArgumentOutOfRangeException, $"{name}: {thrown}");
            }
        }

        Assert.All(File.ReadAllBytes(TheFile.Path), value => Assert.Equal(1, value));
        LeavesNothingBehind();
    }

    [Fact]
    public void Sums_of_many_threads_and_mappings_are_exact_and_no_bit_of_theirs_is_lost()
    {
        const int Threads = 4;
        const int Times = 100_000;
        using MappedRegion another = TheFile.Map(MapOptions.DirectOrEmulated);
        using Barrier together = new(Threads);
        long seen = 0; // all sums that were returned: each value is there once
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(thread => new Thread(() =>
        {
            RegionAtomics atomics = (thread % 2 == 0 ? Region : another).Atomics;
            together.SignalAndWait();
            long own = 0;
            for (int i = 0; i < Times; i++) // by itself, so that threads meet at it
            {
                own += atomics.Add(4088, 1L);
            }

            together.SignalAndWait();
            for (int i = 0; i < Times; i++)
            {
                atomics.Add(4096, uint.MaxValue);
                atomics.Or(8 * (i % 32), 1L << thread);
                atomics.And(8 * (i % 32), ~(1L << (thread + 8)));
            }

            Interlocked.Add(ref seen, own);
        }))];
        for (int i = 0; i < 32; i++)
        {
            Region.Write(8L * i, 0x0F00L);
        }

        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        const long Total = Threads * Times;
        Assert.Equal(Total, Region.Atomics.ReadAcquire<long>(4088));
        Assert.Equal(Total * (Total + 1) / 2, seen);
        Assert.Equal(-(int)Total, Region.Read<int>(4096));
        Assert.All(Enumerable.Range(0, 32), i => Assert.Equal(0x000FL, Region.Read<long>(8L * i)));
    }

    [Fact]
    public void Types_that_the_processor_cannot_do_are_not_supported_and_leave_no_access_behind()
    {
        Region.Fill(0, 64, 1);
        RegionAtomics atomics = Region.Atomics;

        Assert.Throws<NotSupportedException>(() => atomics.Exchange(0, Guid.Empty));
        Assert.Throws<NotSupportedException>(() => atomics.Exchange(0, default(DateTime)));
        Assert.Throws<NotSupportedException>(() => atomics.ReadAcquire<Int128>(0));
        Assert.Throws<NotSupportedException>(() => atomics.ReadAcquire<DateTime>(0));
        Assert.Throws<NotSupportedException>(() => atomics.WriteRelease(0, 1m));
        Assert.Throws<NotSupportedException>(() => atomics.Add<byte>(0, 1));
        Assert.Throws<NotSupportedException>(() => atomics.Add<short>(0, 1));
        Assert.Throws<NotSupportedException>(() => atomics.Add(0, 'a'));
        Assert.Throws<NotSupportedException>(() => atomics.Or<ushort>(0, 6));
        Assert.Throws<NotSupportedException>(() => atomics.And<sbyte>(0, 0));
        Assert.Throws<NotSupportedException>(() => atomics.And<UInt128>(0, 0));

        Assert.All(File.ReadAllBytes(TheFile.Path)[..64], value => Assert.Equal(1, value));
        LeavesNothingBehind();
    }

    [Fact]
    public void In_a_region_for_reading_only_values_are_read_and_nothing_is_stored()
    {
        Region.Write(8, 42L);
        using MappedRegion region = TheFile.Map(MapOptions.DirectOrEmulated with { Access = MappingAccess.Read });

        Assert.All(s_stores, store => Assert.Throws<NotSupportedException>(() => store.Run(region, 8)));

        Assert.Equal(42, region.Atomics.ReadAcquire<long>(8));
    }

    [Fact]
    public void After_a_revocation_every_operation_throws_and_none_reaches_the_file()
    {
        Region.Fill(0, Length, 1);
        using DirectFile other = Open();
        Assert.Throws<LeaseConflictException>(() => other.Write([1], 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        PassDeadline();
        Soon.Until(() => TheFile.GetLeases().Count == 0, "the region is revoked, and its pages are not the file's any more");

        foreach ((string name, Action<MappedRegion, long> run) in s_all)
        {
            MappingFaultException fault = Assert.Throws<MappingFaultException>(() => run(Region, 8));

            FaultAccess access = name == "ReadAcquire" ? FaultAccess.Read : FaultAccess.Write;
            Assert.Equal((FaultCause.Revoked, access, new FileRange(8, 8)), (fault.Cause, fault.Access, fault.Range));
        }

        Assert.All(File.ReadAllBytes(TheFile.Path), value => Assert.Equal(1, value));
    }

    [Fact]
    public void After_Dispose_every_operation_says_so_and_none_reaches_the_file()
    {
        Region.Fill(0, Length, 1);
        RegionAtomics atomics = Region.Atomics; // taken before: it is the region all the same
        Region.Dispose();

        Assert.All(s_all, operation => Assert.Throws<ObjectDisposedException>(() => operation.Run(Region, 8)));

        Assert.Throws<ObjectDisposedException>(() => atomics.Add(8, 1L));
        Assert.All(File.ReadAllBytes(TheFile.Path), value => Assert.Equal(1, value));
    }

    [Fact]
    public void Where_accesses_are_judged_every_store_is_refused_before_it_is_made_and_others_are_made()
    {
        EmulatedBlockMap map = new(4 * PageSize);
        map.Set(new FileRange(PageSize, PageSize), ExtentFlags.Unwritten);
        using DirectFile file = DirectFile.Create(Folder.File("judged"), 4 * PageSize, Options with { BlockMap = map });
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { PolicyCheck = PolicyCheck.AtAccess });

        foreach ((string name, Action<MappedRegion, long> run) in s_stores)
        {
            MappingFaultException refused = Assert.Throws<MappingFaultException>(() => run(region, PageSize));

            Assert.Equal(
                (name, FaultCause.Refused, RefusalReason.UnwrittenExtent, FaultAccess.Write),
                (name, refused.Cause, refused.Refusal, refused.Access));
            region.Write(0, 0x0101010101010101L);
            run(region, 0);
            Assert.NotEqual(0x0101010101010101L, region.Atomics.ReadAcquire<long>(0));
        }

        Assert.Equal(0, region.Atomics.ReadAcquire<long>(PageSize));
    }

    [Fact]
    public void No_operation_allocates()
    {
        RegionAtomics atomics = Region.Atomics;
        long before = 0;
        for (int i = 0; i < 2; i++) // the first round makes what the runtime needs
        {
            before = GC.GetAllocatedBytesForCurrentThread();
            for (int offset = 0; offset < 800; offset += 8)
            {
                atomics.WriteRelease(offset, 1.5);
                atomics.Exchange(offset, DayOfWeek.Friday);
                atomics.CompareExchange(offset, 2, 1);
                atomics.Add(offset, 3);
                atomics.Add(offset, 3UL);
                atomics.And(offset, ~3L);
                atomics.Or(offset, (nint)4);
                atomics.ReadAcquire<byte>(offset);
            }
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Disposal waits for accesses that have begun, where the mapping has to go.</summary>
    private void LeavesNothingBehind()
    {
        Task disposal = Task.Run(Region.Dispose);
        Soon.Until(() => disposal.IsCompleted, "the region is disposed");
        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
    }
}
