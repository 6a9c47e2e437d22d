using System.Runtime.CompilerServices;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Regions;

/// <summary>Memory of a backing that cannot put other pages in the place of the file's: it keeps the file mapped.</summary>
public sealed class CooperativeMemoryTests() : FileTest(FileBackingKind.Portable)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Memory_that_is_out_at_the_deadline_keeps_the_file_mapped_and_the_breaker_is_told(bool isSequence)
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        IDisposable handedOut = isSequence ? region.GetSequence(0, 4096) : region.GetMemory(0, 4096);
        Task truncation = other.SetLengthAsync(0).AsTask();
        await region.Lease!.WaitForBreakAsync().Within();

        PassDeadline();

        LeaseConflictException told = await Assert.ThrowsAsync<LeaseConflictException>(() => truncation.Within());
        Assert.Equal((LeaseConflict.RevocationFailed, 16), (told.Conflict, Assert.IsType<IOException>(told.InnerException).HResult));
        Assert.Equal((64 << 10, RegionState.Revoked), (other.Length, region.State));
        Assert.NotEqual(0, ProcSelf.MappingsOf(Folder.Path));
        handedOut.Dispose();
        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
        Assert.Empty(Coordinator.Snapshot(file.Id).Leases);
        await other.SetLengthAsync(0).AsTask().Within();
        Assert.Equal(0, other.Length);
    }

    [Fact]
    public void A_disposed_region_lets_go_with_the_last_memory()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        RegionMemory first = region.GetMemory(0, 8);
        RegionMemory second = region.GetMemory(8, 8);
        Span<byte> span = second.Memory.Span;
        region.Dispose();

        ((IDisposable)first).Dispose();
        span.Fill(1); // still the file's
        bool isMapped = ProcSelf.MappingsOf(Folder.Path) > 0;
        Assert.Throws<LeaseConflictException>(() => other.SetLength(0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        ((IDisposable)second).Dispose();

        Assert.Equal((true, 0), (isMapped, ProcSelf.MappingsOf(Folder.Path)));
        other.SetLength(0);
    }

    [Fact]
    public async Task A_release_does_not_wait_for_memory_and_the_lease_goes_with_it()
    {
        using DirectFile file = Create();
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        RegionMemory memory = region.GetMemory(0, 8);

        Assert.True(await region.ReleaseAsync().Within());

        int leases = Coordinator.Snapshot(file.Id).Leases.Count;
        ((IDisposable)memory).Dispose();
        Assert.Equal((1, 0), (leases, Coordinator.Snapshot(file.Id).Leases.Count));
    }

    [Fact]
    public void Memory_that_was_forgotten_lets_go_when_it_is_collected()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Forget(region);
        region.Dispose();

        Soon.Until(
            () =>
            {
                ProcSelf.CollectGarbage();
                return Coordinator.Snapshot(file.Id).Leases.Count == 0;
            },
            "the forgotten memory lets go");

        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
        other.SetLength(0);
        GC.KeepAlive(region);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(MappedRegion region) => region.GetMemory(0, 8).Memory.Span.Fill(1);

    [Fact]
    public void Memory_that_could_not_be_handed_out_holds_nothing()
    {
        using DirectFile file = Create();
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Assert.Throws<ArgumentOutOfRangeException>(() => region.GetMemory(file.Length, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.GetSequence(0, file.Length + 1));
        region.Dispose();
        Assert.Throws<ObjectDisposedException>(() => region.GetMemory(0, 1));
        Assert.Throws<ObjectDisposedException>(() => region.GetSequence(0, 1));

        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
        Assert.Empty(Coordinator.Snapshot(file.Id).Leases);
    }

    [Fact]
    public void Memory_on_many_threads_while_regions_come_and_go_never_ends_the_process_and_always_lets_go()
    {
        using DirectFile file = Create();
        long uses = 0;
        for (int round = 0; round < 100; round++)
        {
            MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
            using Barrier together = new(4);
            Thread[] threads = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() => Use(region, together, ref uses)))];
            Array.ForEach(threads, thread => thread.Start());
            long before = Volatile.Read(ref uses);
            together.SignalAndWait();
            Soon.Until(() => Volatile.Read(ref uses) > before, "memory is used");
            region.Dispose();
            Array.ForEach(threads, thread => thread.Join());
            Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
        }

        Assert.Empty(Coordinator.Snapshot(file.Id).Leases);
    }

    private static void Use(MappedRegion region, Barrier together, ref long uses)
    {
        together.SignalAndWait();
        try
        {
            while (true)
            {
                using RegionMemory memory = region.GetMemory(0, 4096);
                Interlocked.Increment(ref uses);
                memory.Memory.Span[(int)(Volatile.Read(ref uses) % 4096)] = 1;
                memory.Complete();
            }
        }
        catch (ObjectDisposedException)
        {
            // So it ends.
        }
    }
}
