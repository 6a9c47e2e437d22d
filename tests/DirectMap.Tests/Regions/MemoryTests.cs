using System.Buffers;
using System.Runtime.CompilerServices;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Regions;

public abstract class MemoryTests(FileBackingKind backing) : RegionTest(Length, backing)
{
    private const int Length = 10_000;

    [Fact]
    public void What_is_written_through_the_memory_is_in_the_file()
    {
        using RegionMemory memory = Region.GetMemory(4000, 200);

        memory.Memory.Span.Fill(7);
        memory.Memory.Slice(100, 10).Span.Fill(8);
        memory.Complete();
        memory.Complete();

        Assert.Equal(200, memory.Memory.Length);
        byte[] content = new byte[Length];
        TheFile.Read(content, 0);
        Assert.All(content[..4000], value => Assert.Equal(0, value));
        Assert.All(content[4000..4100], value => Assert.Equal(7, value));
        Assert.All(content[4100..4110], value => Assert.Equal(8, value));
        Assert.All(content[4110..4200], value => Assert.Equal(7, value));
        Assert.All(content[4200..], value => Assert.Equal(0, value));
    }

    [Fact]
    public async Task It_may_be_kept_over_an_await_and_given_to_a_stream()
    {
        using RegionMemory memory = Region.GetMemory(0, Length);
        memory.Memory.Span.Fill(3);
        using MemoryStream stream = new();

        await Task.Yield();
        await stream.WriteAsync(memory.Memory);
        memory.Complete();

        Assert.Equal(Enumerable.Repeat((byte)3, Length), stream.ToArray());
    }

    [Fact]
    public void A_read_only_region_gives_memory_for_reading()
    {
        Region.Write(8, 42L);
        using MappedRegion region = TheFile.Map(MapOptions.DirectOrEmulated with { Access = MappingAccess.Read });
        using RegionMemory memory = region.GetMemory(8, 8);

        Assert.Throws<NotSupportedException>(() => memory.Memory);
        Assert.Equal(42, BitConverter.ToInt64(memory.ReadOnlyMemory.Span));
        memory.Complete();
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    [InlineData(0, Length + 1)]
    [InlineData(Length, 1)]
    [InlineData(Length + 1, 0)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(8, int.MaxValue)]
    public void Memory_outside_the_region_is_a_bad_argument(long offset, int length) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Region.GetMemory(offset, length));

    [Fact]
    public void Memory_may_be_empty_and_at_the_very_end()
    {
        using RegionMemory memory = Region.GetMemory(Length, 0);

        Assert.True(memory.Memory.IsEmpty);
        Assert.True(memory.Memory.Span.IsEmpty);
        using MemoryHandle pin = memory.Pin();
        memory.Complete();
    }

    [Fact]
    public unsafe void A_pin_is_the_address_of_its_byte()
    {
        using RegionMemory memory = Region.GetMemory(5000, 100);
        using MemoryHandle first = memory.Memory.Pin();
        using MemoryHandle third = memory.Memory[2..].Pin();
        using MemoryHandle end = memory.Pin(100);

        *(byte*)third.Pointer = 9;

        Assert.Equal(9, Region.Read<byte>(5002));
        Assert.Equal((2, 100), ((byte*)third.Pointer - (byte*)first.Pointer, (byte*)end.Pointer - (byte*)first.Pointer));
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Pin(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Pin(101));
    }

    [Fact]
    public void A_pin_keeps_the_bytes_when_nothing_else_refers_to_memory_and_region()
    {
        WeakReference region = StoreThroughAPin();

        Soon.Until(
            () =>
            {
                ProcSelf.CollectGarbage();
                return !region.IsAlive;
            },
            "without the pin the region is collected");
        byte[] content = new byte[1];
        using DirectFile again = Open();
        again.Read(content, 0);
        Assert.Equal(5, content[0]);
    }

    /// <summary>In a frame of its own: code that is not optimized keeps copies of the handle in it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private unsafe WeakReference StoreThroughAPin()
    {
        using MemoryHandle pin = PinAndForget(out WeakReference region);
        ProcSelf.CollectGarbage();

        Assert.True(region.IsAlive);
        *(byte*)pin.Pointer = 5;
        return region;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private MemoryHandle PinAndForget(out WeakReference region)
    {
        MappedRegion mapped = TheFile.Map(MapOptions.DirectOrEmulated);
        region = new WeakReference(mapped);
        return mapped.GetMemory(0, 8).Pin();
    }

    [Fact]
    public void A_pin_keeps_the_bytes_also_when_only_its_address_was_kept()
    {
        ChildProcess.Result result = ChildProcess.Run(MemoryCases.UseAPinWhoseHandleWasDropped, Folder.File("pinned"), Backing.ToString());

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public void Memory_that_was_disposed_says_so_on_every_call_and_its_region_goes_on()
    {
        RegionMemory memory = Region.GetMemory(0, 8);
        Memory<byte> handedOut = memory.Memory;
        ((IDisposable)memory).Dispose();
        ((IDisposable)memory).Dispose();

        Assert.Throws<ObjectDisposedException>(() => memory.Memory);
        Assert.Throws<ObjectDisposedException>(() => memory.ReadOnlyMemory);
        Assert.Throws<ObjectDisposedException>(() => memory.Complete());
        Assert.Throws<ObjectDisposedException>(() => memory.GetSpan().Length);
        Assert.Throws<ObjectDisposedException>(() => memory.Pin());
        Assert.Throws<ObjectDisposedException>(() => handedOut.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => handedOut.Pin());
        Region.Write(0, 1L);
    }

    [Fact]
    public void Memory_that_was_disposed_twice_gives_its_hold_back_once()
    {
        RegionMemory first = Region.GetMemory(0, 8);
        RegionMemory second = Region.GetMemory(0, 8);
        ((IDisposable)first).Dispose();
        ((IDisposable)first).Dispose();

        Region.Dispose();
        int whileSecondIsOut = Coordinator.Snapshot(TheFile.Id).Leases.Count;
        ((IDisposable)second).Dispose();

        Assert.Equal(Backing == FileBackingKind.Portable ? 1 : 0, whileSecondIsOut);
        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
        Assert.Empty(Coordinator.Snapshot(TheFile.Id).Leases);
    }

    [Fact]
    public void After_the_region_was_disposed_memory_throws_at_its_next_use()
    {
        using RegionMemory memory = Region.GetMemory(0, 8);
        Memory<byte> handedOut = memory.Memory;
        Region.Dispose();

        Assert.Throws<ObjectDisposedException>(() => handedOut.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => handedOut.Pin());
        Assert.Throws<ObjectDisposedException>(() => memory.Complete());
        Assert.Throws<ObjectDisposedException>(() => Region.GetMemory(0, 8));
        Assert.All(File.ReadAllBytes(TheFile.Path), value => Assert.Equal(0, value));
    }

    [Fact]
    public void After_a_revocation_memory_throws_at_its_next_use()
    {
        NeedsLinuxBacking("memory keeps the file mapped: CooperativeMemoryTests");
        using RegionMemory memory = Region.GetMemory(16, 8);
        Memory<byte> handedOut = memory.Memory;
        Revoke();

        MappingFaultException complete = Assert.Throws<MappingFaultException>(() => memory.Complete());

        Assert.Equal((FaultCause.Revoked, FaultAccess.Memory, new FileRange(16, 8)), (complete.Cause, complete.Access, complete.Range));
        Assert.NotNull(complete.Break);
        Assert.Equal(FaultAccess.Memory, Assert.Throws<MappingFaultException>(() => handedOut.Span.Length).Access);
        Assert.Equal(FaultAccess.Memory, Assert.Throws<MappingFaultException>(() => handedOut.Pin()).Access);
        Assert.Equal(FaultAccess.Memory, Assert.Throws<MappingFaultException>(() => Region.GetMemory(0, 8)).Access);
        ((IDisposable)memory).Dispose(); // never throws
    }

    [Fact]
    public void What_is_written_through_a_span_after_the_revocation_goes_nowhere_and_Complete_says_so()
    {
        NeedsLinuxBacking("memory keeps the file mapped: CooperativeMemoryTests");
        using RegionMemory memory = Region.GetMemory(0, Length);
        Span<byte> span = memory.Memory.Span;
        span.Fill(1);
        Revoke();

        span.Fill(2);

        Assert.Throws<MappingFaultException>(() => memory.Complete());
        Assert.All(File.ReadAllBytes(TheFile.Path), value => Assert.Equal(1, value));
    }

    [Fact]
    public async Task While_the_region_is_being_released_no_memory_is_handed_out_and_what_was_goes_on_and_is_not_waited_for()
    {
        using RegionMemory before = Region.GetMemory(0, 8);
        using ParkedThread holder = new(park =>
        {
            using RegionScope scope = Region.OpenScope(0, 8);
            park();
        });
        Task<bool> release = Region.ReleaseAsync();
        Soon.Until(() => Region.State == RegionState.Releasing, "the release begins");

        Assert.Throws<ObjectDisposedException>(() => Region.GetMemory(0, 8));
        Assert.Throws<ObjectDisposedException>(() => Region.GetSequence(0, 8));
        before.Memory.Span.Fill(1);
        before.Complete();

        Assert.Null(holder.Finish());
        Assert.True(await release.Within());
        Assert.Throws<ObjectDisposedException>(() => before.Complete());
    }

    [Fact]
    public void Judged_memory_is_refused_where_the_policy_refuses()
    {
        EmulatedBlockMap map = new(4 * PageSize);
        map.Set(new FileRange(PageSize, PageSize), ExtentFlags.Unwritten);
        using DirectFile file = DirectFile.Create(Folder.File("judged"), 4 * PageSize, Options with { BlockMap = map });
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { PolicyCheck = PolicyCheck.AtAccess });
        using MappedRegion forReading = file.Map(
            MapOptions.DirectOrEmulated with { PolicyCheck = PolicyCheck.AtAccess, Access = MappingAccess.Read });

        MappingFaultException refused = Assert.Throws<MappingFaultException>(() => region.GetMemory(0, PageSize + 1));

        Assert.Equal(
            (FaultCause.Refused, RefusalReason.UnwrittenExtent, FaultAccess.Memory), (refused.Cause, refused.Refusal, refused.Access));
        using RegionMemory good = region.GetMemory(0, PageSize);
        good.Memory.Span.Fill(1);
        good.Complete();
        using RegionMemory unwritten = forReading.GetMemory(0, 4 * PageSize);
        unwritten.Complete();
    }

    [Fact]
    public async Task Memory_that_is_used_while_the_region_is_revoked_ends_in_the_exception_and_nothing_else()
    {
        NeedsLinuxBacking("memory keeps the file mapped: CooperativeMemoryTests");
        using Barrier together = new(4);
        Task[] uses = [.. Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(Use, TaskCreationOptions.LongRunning))];
        together.SignalAndWait();

        Revoke();

        foreach (Task use in uses)
        {
            Assert.Equal(FaultCause.Revoked, (await Assert.ThrowsAsync<MappingFaultException>(() => use.Within())).Cause);
        }

        void Use()
        {
            using RegionMemory memory = Region.GetMemory(0, Length);
            together.SignalAndWait();
            while (true)
            {
                memory.Memory.Span[0]++;
                using MemoryHandle pin = memory.Pin(5);
                memory.Complete();
            }
        }
    }

    [Fact]
    public void The_address_range_stays_as_long_as_memory_is_reachable_whatever_became_of_the_region()
    {
        ChildProcess.Result result = ChildProcess.Run(MemoryCases.UseAfterTheRegionWent, Folder.File("reachable"), Backing.ToString());

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    private void Revoke()
    {
        using DirectFile other = Open();
        Assert.Throws<LeaseConflictException>(() => other.Write([1], 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        PassDeadline();
        Soon.Until(() => Region.Core.Mapping.IsDetached, "the pages are replaced"); // a moment after the state says so
    }
}
