using DirectMap.Tests.Docs;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Faults;

/// <summary>Pages that the kernel cannot provide, and how far that reaches.</summary>
public sealed class LostPageTests : LossTest
{
    private const int PageCount = 16;

    private static readonly MapOptions s_direct = MapOptions.DirectOrEmulated;
    private static readonly MapOptions s_pages = MapOptions.DirectOrEmulated with { FaultReach = FaultReach.Page };

    [Fact]
    public void By_default_one_lost_page_makes_every_access_throw_and_each_says_what_it_met()
    {
        using MappedRegion region = MapPattern(s_direct, PageCount, out DirectFile file);
        SetLengthOutside(file.Path, 4 * PageSize);
        Assert.Equal(RegionState.Active, region.State); // nobody has touched a page that is gone

        MappingFaultException own = Lose(region, 5);
        MappingFaultException another = Assert.Throws<MappingFaultException>(() => region.Read<long>(8));
        MappingFaultException later = Assert.Throws<MappingFaultException>(() => region.Write((7L * PageSize) + 16, 1L));

        Assert.Equal(
            (FaultCause.BeyondEndOfFile, FaultAccess.Read, new FileRange(5 * PageSize, 1), Pages(5, 1)),
            (own.Cause, own.Access, own.Range, own.Lost!.Value));
        Assert.Equal(
            (FaultCause.BeyondEndOfFile, FaultAccess.Read, new FileRange(8, 8), Pages(5, 1)),
            (another.Cause, another.Access, another.Range, another.Lost!.Value));
        Assert.Equal((FaultCause.BeyondEndOfFile, FaultAccess.Write, Pages(7, 1)), (later.Cause, later.Access, later.Lost!.Value));
        Assert.Equal((5, file.Path, RegionState.Faulted), (own.HResult, own.Path, region.State));
        Assert.Equal([Pages(5, 1), Pages(7, 1)], region.GetLostRanges());
        Assert.Contains($"bytes {Pages(5, 1)}", another.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_kind_of_access_that_meets_a_lost_page_throws_with_its_kind()
    {
        foreach ((Action<MappedRegion> access, FaultAccess kind) in new (Action<MappedRegion>, FaultAccess)[]
        {
            (region => region.Read<int>(5 * PageSize), FaultAccess.Read),
            (region => region.Write(5 * PageSize, 1), FaultAccess.Write),
            (region => region.Atomics.CompareExchange(5 * PageSize, 1, 0), FaultAccess.Write),
            (region => region.Atomics.Exchange(5 * PageSize, 1), FaultAccess.Write),
            (region => region.Atomics.Add(5 * PageSize, 1), FaultAccess.Write),
            (region => region.Atomics.And(5 * PageSize, 1), FaultAccess.Write),
            (region => region.Atomics.Or(5 * PageSize, 1), FaultAccess.Write),
            (region => region.Atomics.WriteRelease(5 * PageSize, 1), FaultAccess.Write),
            (region => region.Atomics.ReadAcquire<int>(5 * PageSize), FaultAccess.Read),
            (region => region.CopyTo(4 * PageSize, new byte[2 * PageSize]), FaultAccess.Read),
            (region => region.CopyFrom(4 * PageSize, new byte[2 * PageSize]), FaultAccess.Write),
            (region => region.Fill(4 * PageSize, 2 * PageSize, 1), FaultAccess.Write),
            (UseScope, FaultAccess.Scope),
            (UseMemory, FaultAccess.Memory),
            (UseSequence, FaultAccess.Memory),
        })
        {
            File.Delete(Folder.File());
            using MappedRegion region = MapPattern(s_pages, PageCount, out DirectFile file);
            SetLengthOutside(file.Path, 5 * PageSize);

            MappingFaultException fault = Assert.Throws<MappingFaultException>(() => access(region));

            Assert.Equal((FaultCause.BeyondEndOfFile, kind, Pages(5, 1)), (fault.Cause, fault.Access, fault.Lost!.Value));
            Assert.Equal([Pages(5, 1)], region.GetLostRanges());
        }

        static void UseScope(MappedRegion region)
        {
            using RegionScope scope = region.OpenScope(4 * PageSize, 2 * PageSize);
            scope.Span[PageSize] = 1;
            scope.Complete();
        }

        static void UseMemory(MappedRegion region)
        {
            using RegionMemory memory = region.GetMemory(4 * PageSize, 2 * PageSize);
            memory.Memory.Span[PageSize] = 1;
            memory.Complete();
        }

        static void UseSequence(MappedRegion region)
        {
            using RegionSequence sequence = region.GetSequence(4 * PageSize, 2 * PageSize);
            Assert.Equal(0, sequence.Sequence.FirstSpan[PageSize]);
            sequence.Complete();
        }
    }

    [Fact]
    public void Every_call_on_a_faulted_region_throws()
    {
        using MappedRegion region = MapPattern(s_direct, PageCount, out DirectFile file);
        SetLengthOutside(file.Path, 4 * PageSize);
        Lose(region, 5);

        foreach (Action access in new Action[]
        {
            () => region.Read<long>(0),
            () => region.Write(0, 1L),
            () => region.Atomics.CompareExchange(0, 1L, 0L),
            () => region.Atomics.Exchange(0, 1L),
            () => region.Atomics.Add(0, 1L),
            () => region.Atomics.And(0, 1L),
            () => region.Atomics.Or(0, 1L),
            () => region.Atomics.WriteRelease(0, 1L),
            () => region.Atomics.ReadAcquire<long>(0),
            () => region.CopyTo(0, new byte[8]),
            () => region.CopyTo(0, []),
            () => region.CopyFrom(0, new byte[8]),
            () => region.Fill(0, 8, 1),
            () => region.OpenScope(0, 8).Dispose(),
            () => region.GetMemory(0, 8),
            () => region.GetSequence(0, 8),
            () => region.Persist(0, 8),
        })
        {
            Assert.Equal(Pages(5, 1), Assert.Throws<MappingFaultException>(access).Lost);
        }
    }

    [Fact]
    public void Where_only_pages_are_lost_all_others_go_on()
    {
        using MappedRegion region = MapPattern(s_pages, PageCount, out DirectFile file);
        byte[] content = Pattern(file.Length);
        SetLengthOutside(file.Path, 4 * PageSize);
        Lose(region, 5);
        Lose(region, 9);

        Assert.Equal(content[8], region.Read<byte>(8));
        region.Write(16, 42L);
        region.CopyFrom(PageSize, new byte[] { 1, 2, 3 });
        region.OpenScope(0, 4 * PageSize).Dispose();
        region.GetMemory(0, 4 * PageSize).Complete();
        region.Persist(0, 4 * PageSize);

        Assert.Equal(RegionState.Active, region.State);
        Assert.Equal(Pages(5, 1), Assert.Throws<MappingFaultException>(() => region.Read<long>((6 * PageSize) - 1 - 7)).Lost);
        Assert.Equal(Pages(9, 1), Assert.Throws<MappingFaultException>(() => region.OpenScope(8 * PageSize, 3 * PageSize)).Lost);
        Assert.Equal(Pages(9, 1), Assert.Throws<MappingFaultException>(() => region.GetMemory(8 * PageSize, 3 * PageSize)).Lost);
        Assert.Equal(Pages(5, 1), Assert.Throws<MappingFaultException>(region.Persist).Lost);
        Assert.Equal(42, BitConverter.ToInt64(File.ReadAllBytes(file.Path), 16));
    }

    [Fact]
    public void Of_several_runs_the_first_that_the_access_touched_is_told_as_a_whole()
    {
        using MappedRegion region = MapPattern(s_pages, PageCount, out DirectFile file);
        SetLengthOutside(file.Path, 0);
        foreach (int page in (int[])[3, 2, 4, 10, 11])
        {
            Lose(region, page);
        }

        Assert.Equal([Pages(2, 3), Pages(10, 2)], region.GetLostRanges());
        Assert.Equal(Pages(2, 3), Assert.Throws<MappingFaultException>(() => region.OpenScope(0, PageCount * PageSize)).Lost);
        Assert.Equal(Pages(3, 1), Assert.Throws<MappingFaultException>(() => region.OpenScope(3 * PageSize, 1)).Lost);
        Assert.Equal(Pages(10, 2), Assert.Throws<MappingFaultException>(() => region.OpenScope(8 * PageSize, 4 * PageSize)).Lost);
    }

    [Fact]
    public void A_lost_last_page_reaches_to_the_regions_end_only_and_ranges_are_the_files()
    {
        using DirectFile file = Create((8 * PageSize) + 100);
        using MappedRegion region = file.Map(s_pages with { Range = FileRange.From(4 * PageSize) });
        SetLengthOutside(file.Path, PageSize);

        MappingFaultException fault = Lose(region, 4);

        Assert.Equal(new FileRange(8 * PageSize, 100), fault.Lost);
        Assert.Equal(new FileRange(8 * PageSize, 1), fault.Range);
        Assert.Equal([new FileRange(8 * PageSize, 100)], region.GetLostRanges());
    }

    [Fact]
    public void What_is_lost_in_one_region_is_not_lost_in_another()
    {
        using MappedRegion region = MapPattern(s_direct, PageCount, out DirectFile file);
        using MappedRegion another = file.Map(s_direct);
        SetLengthOutside(file.Path, 4 * PageSize);

        Lose(region, 5);

        Assert.Equal(Pattern(1)[0], another.Read<byte>(0));
        Assert.Equal((RegionState.Faulted, RegionState.Active), (region.State, another.State));
        Assert.Empty(another.GetLostRanges());
    }

    [Fact]
    public void A_read_only_region_loses_pages_as_others_do()
    {
        using MappedRegion region = MapPattern(s_direct with { Access = MappingAccess.Read }, PageCount, out DirectFile file);
        SetLengthOutside(file.Path, 4 * PageSize);

        Assert.Equal(Pages(5, 1), Lose(region, 5).Lost);
        Assert.Throws<NotSupportedException>(() => region.Write(0, 1L));
    }

    [Fact]
    public void A_scope_that_was_open_learns_of_a_lost_page_and_one_beside_it_only_where_faults_reach_the_region()
    {
        foreach (FaultReach reach in Enum.GetValues<FaultReach>())
        {
            File.Delete(Folder.File());
            using MappedRegion region = MapPattern(s_direct with { FaultReach = reach }, PageCount, out DirectFile file);
            FileRange? beside = null;
            using ParkedThread good = new(park =>
            {
                using RegionScope scope = region.OpenScope(0, PageSize);
                park();
                scope.Span[0] = 77;
                try
                {
                    scope.Complete();
                }
                catch (MappingFaultException fault)
                {
                    beside = fault.Lost;
                }
            });
            SetLengthOutside(file.Path, 4 * PageSize);
            Lose(region, 5);

            Assert.Null(good.Finish());

            Assert.Equal(reach == FaultReach.Region ? Pages(5, 1) : null, beside);
            Assert.Equal(77, File.ReadAllBytes(file.Path)[0]); // the bytes of the other pages still reach the file
        }
    }

    [Fact]
    public async Task While_faulted_the_lease_is_held_a_breaker_is_told_of_and_the_region_can_be_released()
    {
        using MappedRegion region = MapPattern(s_direct, PageCount, out DirectFile file);
        using DirectFile other = Open();
        SetLengthOutside(file.Path, 4 * PageSize);
        Lose(region, 5);
        Assert.Single(Coordinator.Snapshot(file.Id).Leases);

        Task writing = other.WriteAsync(new byte[] { 1 }, 0).AsTask();
        LeaseBreak? told = await region.Lease!.WaitForBreakAsync().Within();

        Assert.Equal(
            (LayoutOperation.Write, true, RegionState.Faulted),
            (told!.Operation, region.Lease!.Breaking.IsCancellationRequested, region.State));
        Assert.True(await region.ReleaseAsync().Within());
        await writing.Within();
        Assert.Equal(RegionState.Disposed, region.State);
        Assert.Throws<ObjectDisposedException>(() => region.Read<long>(0));
        Assert.Throws<ObjectDisposedException>(() => region.RestoreLostPages());
        Assert.Empty(region.GetLostRanges());
    }

    [Fact]
    public void A_faulted_region_is_revoked_at_the_deadline()
    {
        using MappedRegion region = MapPattern(s_direct, PageCount, out DirectFile file);
        using DirectFile other = Open();
        SetLengthOutside(file.Path, 4 * PageSize);
        Lose(region, 5);
        Assert.Throws<LeaseConflictException>(() => other.Write([1], 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        Assert.Equal(RegionState.Faulted, region.State);

        PassDeadline();
        Soon.Until(() => region.Core.Mapping.IsDetached, "the pages are replaced"); // a moment after the state says so

        Assert.Equal(RegionState.Revoked, region.State);
        Assert.Equal(FaultCause.Revoked, Assert.Throws<MappingFaultException>(() => region.Read<long>(5 * PageSize)).Cause);
        MappingFaultException restoring = Assert.Throws<MappingFaultException>(() => region.RestoreLostPages());
        Assert.Equal((FaultCause.Revoked, FaultAccess.Restore), (restoring.Cause, restoring.Access));
        Assert.Empty(region.GetLostRanges());
        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
    }

    [Fact]
    public void Many_threads_that_meet_the_same_lost_pages_all_learn_of_them()
    {
        const int Threads = 4;
        using MappedRegion region = MapPattern(s_pages, 256, out DirectFile file);
        SetLengthOutside(file.Path, 0);
        using Barrier together = new(Threads);
        int[] faults = new int[Threads];

        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(index => new Thread(() =>
        {
            together.SignalAndWait();
            for (int page = 0; page < 256; page++)
            {
                try
                {
                    _ = region.Read<byte>(page * PageSize);
                }
                catch (MappingFaultException fault) when (fault.Lost?.Offset == page * PageSize)
                {
                    faults[index]++;
                }
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        Assert.All(faults, count => Assert.Equal(256, count));
        Assert.Equal([Pages(0, 256)], region.GetLostRanges());
    }

    [Fact]
    public void Diagnosed_scopes_in_a_region_that_has_lost_pages_are_journaled_as_others_are()
    {
        System.Collections.Concurrent.ConcurrentQueue<DiagnosticFinding> findings = new();
        Coordinator.Services.Diagnostics = findings.Enqueue;
        using MappedRegion region = MapPattern(s_pages, PageCount, out DirectFile file);
        SetLengthOutside(file.Path, 4 * PageSize);
        Lose(region, 5);

        using (RegionScope completed = region.OpenScope(0, 8))
        {
            completed.Complete();
        }

        Assert.Throws<MappingFaultException>(() => region.OpenScope(5 * PageSize, 8)); // was never opened, so it is not missed either
        region.OpenScope(16, 8).Dispose();

        Soon.Until(() => !findings.IsEmpty, "the scope without Complete is reported");
        DiagnosticFinding finding = Assert.Single(findings);
        Assert.Equal(DiagnosticKind.ScopeNotCompleted, finding.Kind);
        Assert.Contains("8 bytes at 16", finding.Subject, StringComparison.Ordinal);
    }
}
