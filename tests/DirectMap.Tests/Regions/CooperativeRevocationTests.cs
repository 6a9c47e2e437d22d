using DirectMap.Mapping;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Regions;

/// <summary>What a backing promises that cannot put other pages in the place of the file's.</summary>
public sealed class CooperativeRevocationTests() : FileTest(FileBackingKind.Portable)
{
    [Fact]
    public async Task A_scope_that_is_open_at_the_deadline_keeps_the_file_mapped_and_the_breaker_is_told_instead_of_going_on()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        bool faulted = false;
        using ParkedThread holder = new(park =>
        {
            using RegionScope scope = region.OpenScope(0, 4096);
            park();
            scope.Span.Fill(7); // the pages are the file's still: nothing is lost, and nothing ends the process
            try
            {
                scope.Complete();
            }
            catch (MappingFaultException)
            {
                faulted = true;
            }
        });
        Task truncation = other.SetLengthAsync(0).AsTask();
        await region.Lease!.WaitForBreakAsync().Within();

        PassDeadline();

        LeaseConflictException told = await Assert.ThrowsAsync<LeaseConflictException>(() => truncation.Within());
        Assert.Equal(LeaseConflict.RevocationFailed, told.Conflict);
        Assert.Equal((64 << 10, RegionState.Revoked), (other.Length, region.State));
        Assert.Throws<MappingFaultException>(() => region.Read<long>(0));
        Assert.Null(holder.Finish());
        Assert.True(faulted);
        Assert.Empty(Coordinator.Snapshot(file.Id).Leases); // the scope was all that was in the way
        await other.SetLengthAsync(0).AsTask().Within();
        Assert.Equal(0, other.Length);
    }

    [Fact]
    public async Task Short_scopes_one_after_another_do_not_keep_a_breaker_from_its_right()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        bool isOpen = false;
        Thread busy = new(() =>
        {
            try
            {
                while (true)
                {
                    using RegionScope scope = region.OpenScope(0, 4096);
                    Volatile.Write(ref isOpen, true);
                    scope.Span.Fill(1);
                    Thread.Yield();
                }
            }
            catch (MappingFaultException)
            {
                // So it ends.
            }
        });
        busy.Start();
        Soon.Until(() => Volatile.Read(ref isOpen), "a scope is open");
        Task truncation = other.SetLengthAsync(0).AsTask();
        await region.Lease!.WaitForBreakAsync().Within();

        PassDeadline();

        await truncation.Within();
        busy.Join();
        Assert.Equal(0, other.Length);
    }

    [Fact]
    public void Dispose_with_an_open_scope_lets_go_when_the_scope_is_closed()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        RegionScope scope = region.OpenScope(0, 8);

        region.Dispose();

        Assert.Equal(RegionState.Disposed, region.State);
        Assert.Throws<LeaseConflictException>(() => other.SetLength(0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        scope.Span.Fill(1);
        scope.Dispose();
        other.SetLength(0);
        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
    }

    [Fact]
    public void The_scope_that_let_go_in_the_regions_place_leaves_nothing_behind()
    {
        DirectFile file = Create();
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        RegionScope scope = region.OpenScope(0, 8);
        region.Dispose();
        file.Dispose();
        int whileOpen = ProcSelf.DescriptorsOf(Folder.Path);

        scope.Dispose();

        Assert.Equal((1, 0), (whileOpen, ProcSelf.DescriptorsOf(Folder.Path)));
    }

    [Fact]
    public void Of_several_open_scopes_the_last_one_counts()
    {
        using DirectFile file = Create();
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        RegionScope first = region.OpenScope(0, 8);
        RegionScope second = region.OpenScope(8, 8);
        region.Dispose();

        first.Dispose();
        bool isMapped = ProcSelf.MappingsOf(Folder.Path) > 0;
        second.Dispose();

        Assert.Equal((true, 0), (isMapped, ProcSelf.MappingsOf(Folder.Path)));
        Assert.Empty(Coordinator.Snapshot(file.Id).Leases);
    }

    [Fact]
    public void A_region_without_open_scopes_is_unmapped_when_it_is_disposed_or_revoked()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        file.Map(MapOptions.DirectOrEmulated).Dispose();
        int afterDispose = ProcSelf.MappingsOf(Folder.Path);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Assert.Throws<LeaseConflictException>(() => other.SetLength(0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));

        PassDeadline();
        Soon.Until(() => region.State == RegionState.Revoked, "the region is revoked");

        Assert.Equal((0, 0), (afterDispose, ProcSelf.MappingsOf(Folder.Path)));
        other.SetLength(0); // and no access ends the process
        Assert.Throws<MappingFaultException>(() => region.Read<long>(0));
        Assert.Throws<MappingFaultException>(() => region.Write(0, 1L));
        Assert.Throws<MappingFaultException>(() => region.Persist());
    }

    [Fact]
    public void An_access_that_has_begun_ends_before_the_mapping_goes()
    {
        using DirectFile file = Create();
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        RegionMapping mapping = region.Core.Mapping;
        Assert.True(mapping.TryEnter());
        using ParkedThread disposer = new(park =>
        {
            park();
            region.Dispose();
        });
        Task<Exception?> disposal = Task.Run(disposer.Finish);
        Soon.Until(() => region.State == RegionState.Disposed, "the disposal has begun");

        bool wasMapped = ProcSelf.MappingsOf(Folder.Path) > 0;
        bool mayEnter = mapping.TryEnter();
        mapping.Exit();
        Soon.Until(() => disposal.IsCompleted, "the disposal goes on");

        Assert.Equal((true, false, 0), (wasMapped, mayEnter, ProcSelf.MappingsOf(Folder.Path)));
    }

    [Fact]
    public void Accesses_and_scopes_on_many_threads_while_regions_come_and_go_never_end_the_process()
    {
        using DirectFile file = Create();
        long accesses = 0;
        for (int round = 0; round < 200; round++)
        {
            MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
            using Barrier together = new(4);
            Thread[] threads = [.. Enumerable.Range(0, 3).Select(index => new Thread(() => Use(region, together, index, ref accesses)))];
            Array.ForEach(threads, thread => thread.Start());
            long before = Interlocked.Read(ref accesses);
            together.SignalAndWait();
            if (round % 2 == 0)
            {
                Soon.Until(() => Interlocked.Read(ref accesses) > before, "some thread makes an access");
            }

            region.Dispose();
            Array.ForEach(threads, thread => thread.Join());
            Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
        }

        Assert.True(accesses > 0, "no access was ever made");
        Assert.Empty(Coordinator.Snapshot(file.Id).Leases);
    }

    [Fact]
    public async Task ReleaseAsync_waits_for_scopes_and_then_unmaps()
    {
        using DirectFile file = Create();
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using ParkedThread holder = new(park =>
        {
            using RegionScope scope = region.OpenScope(0, 8);
            park();
            scope.Complete();
        });

        Task<bool> release = region.ReleaseAsync();
        Assert.Null(holder.Finish());

        Assert.True(await release.Within());
        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
    }

    private static void Use(MappedRegion region, Barrier together, int index, ref long accesses)
    {
        together.SignalAndWait();
        try
        {
            for (int i = 0; ; i++)
            {
                if (index == 0)
                {
                    using RegionScope scope = region.OpenScope(0, 4096);
                    scope.Span[i % 4096] = 1;
                }
                else
                {
                    region.Write(8L * index, region.Read<long>(0));
                }

                Interlocked.Increment(ref accesses);
            }
        }
        catch (ObjectDisposedException)
        {
            // So it ends.
        }
    }
}
