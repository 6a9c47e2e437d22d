using DirectMap.Backings;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;
using Moq;

namespace DirectMap.Tests.Regions;

/// <summary>A holder that does not react, and what it sees afterwards.</summary>
public abstract class RevocationTests(FileBackingKind backing) : FileTest(backing)
{
    [Fact]
    public async Task At_the_deadline_the_mapping_goes_the_breaker_goes_on_and_every_access_says_so()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Write(0, 42L);
        Task truncating = other.SetLengthAsync(0).AsTask();
        Assert.False(truncating.IsCompleted);
        Assert.Equal(64 << 10, file.Length);

        PassDeadline();
        await truncating.Within();

        Assert.Equal(RegionState.Revoked, region.State);
        Assert.Equal(0, file.Length);
        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
        MappingFaultException read = Assert.Throws<MappingFaultException>(() => region.Read<long>(40_000));
        Assert.Equal(FaultCause.Revoked, read.Cause);
        Assert.EndsWith($" by {read.Break} (EIO); map the file again", read.Message, StringComparison.Ordinal);
        Assert.Equal(FaultAccess.Read, read.Access);
        Assert.Equal(new FileRange(40_000, 8), read.Range);
        Assert.Equal(file.Path, read.Path);
        Assert.Equal(LayoutOperation.SetLength, read.Break!.Operation);
        Assert.Equal(5, read.HResult);
        Assert.Equal(ExtentFlags.Hole, read.Extent!.Value.Flags);
        Assert.Equal(FaultAccess.Write, Assert.Throws<MappingFaultException>(() => region.Write(0, 1)).Access);
        Assert.Equal(FaultAccess.Scope, Assert.Throws<MappingFaultException>(() => { region.OpenScope(0, 1).Dispose(); }).Access);
        Assert.Equal(FaultAccess.Persist, Assert.Throws<MappingFaultException>(() => region.Persist(0, 8)).Access);
    }

    [Fact]
    public async Task A_fault_is_reported_relative_to_the_file_and_not_to_the_region()
    {
        using DirectFile file = Create(4 * PageSize);
        using DirectFile other = Open();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { Range = FileRange.From(2 * PageSize) });
        Task writing = other.WriteAsync(new byte[] { 1 }, 0).AsTask();
        PassDeadline();
        await writing.Within();

        Assert.Equal(new FileRange((2 * PageSize) + 16, 4), Assert.Throws<MappingFaultException>(() => region.Read<int>(16)).Range);
    }

    [Fact]
    public async Task A_scope_that_is_open_at_the_deadline_learns_of_it_when_it_completes_and_what_it_writes_then_goes_nowhere()
    {
        NeedsLinuxBacking("an open scope keeps the file mapped: CooperativeRevocationTests");
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Exception? complete = null;
        using ParkedThread holder = new(park =>
        {
            using RegionScope scope = region.OpenScope(0, 4096);
            scope.Span.Fill(1);
            park();
            scope.Span.Fill(2);
            try
            {
                scope.Complete();
            }
            catch (MappingFaultException exception)
            {
                complete = exception;
            }
        });
        Task writing = other.WriteAsync(new byte[] { 5 }, 0).AsTask();

        PassDeadline();
        await writing.Within(); // revocation waits for nobody
        Assert.Null(holder.Finish());

        Assert.Equal(FaultAccess.Scope, Assert.IsType<MappingFaultException>(complete).Access);
        byte[] read = new byte[2];
        file.Read(read, 0);
        Assert.Equal([5, 1], read);
    }

    [Fact]
    public async Task Every_region_of_the_file_is_revoked_before_the_breaker_goes_on()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        MappedRegion[] regions = [.. Enumerable.Range(0, 10).Select(_ => file.Map(MapOptions.DirectOrEmulated))];
        Task writing = other.WriteAsync(new byte[] { 5 }, 0).AsTask();
        regions[3].Dispose();

        PassDeadline();
        await writing.Within();

        Assert.All(regions.Where((_, i) => i != 3), region => Assert.Equal(RegionState.Revoked, region.State));
        Assert.Equal(RegionState.Disposed, regions[3].State);
        Array.ForEach(regions, region => region.Dispose());
    }

    [Fact]
    public async Task After_a_revocation_the_file_can_be_mapped_again()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion first = file.Map(MapOptions.DirectOrEmulated);
        Task writing = other.WriteAsync(new byte[] { 5 }, 0).AsTask();
        PassDeadline();
        await writing.Within();

        using MappedRegion second = file.Map(MapOptions.DirectOrEmulated);
        Assert.Equal(5, second.Read<byte>(0));
        Assert.Equal(RegionState.Revoked, first.State);
    }

    [Fact]
    public async Task A_holder_is_told_by_callback_token_and_wait_and_may_let_go_in_the_callback()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        TaskCompletionSource<LeaseBreak> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { OnBreak = (_, leaseBreak) => told.SetResult(leaseBreak) });
        region.Lease!.Breaking.Register(region.Dispose);

        await other.WriteAsync(new byte[] { 5 }, 0).AsTask().Within();

        Assert.Same(region.Lease!.CurrentBreak, await told.Task.Within());
        Assert.Equal(RegionState.Disposed, region.State);
    }

    [Fact]
    public async Task A_break_that_begins_while_the_region_is_being_made_is_handed_over_with_the_region()
    {
        Create().Dispose();
        TaskCompletionSource<MappedRegion> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Mock<IFaultPolicy> policy = new();
        policy.Setup(p => p.EvaluateExtent(in It.Ref<FileFacts>.IsAny, in It.Ref<Extent>.IsAny, MappingAccess.ReadWrite)).Returns(() =>
        {
            using DirectFile other = Open();
            Assert.Throws<LeaseConflictException>(() => other.Write([1], 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
            return PolicyDecision.Allow;
        });
        using DirectFile file = DirectFile.Open(Folder.File(), Options with { FaultPolicy = policy.Object });

        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { OnBreak = (self, _) => told.SetResult(self) });

        Assert.Same(region, await told.Task.Within());
        Assert.Equal(RegionState.Breaking, region.State);
    }

    [Fact]
    public async Task A_region_whose_break_is_only_awaited_is_not_collected()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        Task holder = HoldUntilAsked();
        ProcSelf.CollectGarbage();
        Assert.Equal(1, ProcSelf.MappingsOf(Folder.Path));

        await other.WriteAsync(new byte[] { 5 }, 0).AsTask().Within();
        await holder.Within();

        async Task HoldUntilAsked()
        {
            MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
            Assert.NotNull(await region.Lease!.WaitForBreakAsync());
            region.Write(8, 1L);
            region.Dispose();
        }
    }

    [Fact]
    public async Task A_region_that_is_forgotten_lets_the_breaker_go_on_when_it_is_collected()
    {
        Coordinator.Services.LeaseBreakTime = TimeSpan.Zero;
        using DirectFile file = Create();
        using DirectFile other = Open();
        Forget();
        Task writing = other.WriteAsync(new byte[] { 5 }, 0).AsTask();

        Soon.Until(
            () =>
            {
                ProcSelf.CollectGarbage();
                return writing.IsCompleted;
            },
            "the forgotten region is collected and the breaker goes on");
        await writing;
        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        void Forget()
        {
            MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { OnBreak = (self, _) => self.Dispose() });
            region.Lease!.Breaking.Register(region.Dispose); // neither may keep it alive
        }
    }

    [Fact]
    public void Pages_can_be_replaced_by_a_file_in_memory_where_anonymous_memory_is_refused()
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Write(0, 1L);
        unsafe
        {
            Assert.Equal(0, PageSink.TryReplaceByMemoryFile(region.Core.Mapping.Start, (nuint)region.Length, writable: true));
        }

        Assert.Equal(0L, region.Read<long>(0));
        region.Write(60_000, 2L);
        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
        Assert.Equal(1L, BitConverter.ToInt64(File.ReadAllBytes(file.Path)));
    }

    [Fact]
    public void A_finalizer_of_the_users_that_still_uses_a_region_finds_it_whole()
    {
        ChildProcess.Result result = ChildProcess.Run(CrashCases.UseInFinalizer, Folder.File("finalizer"));

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public void What_ended_the_process_before_is_an_exception_now()
    {
        ChildProcess.Result today = ChildProcess.Run(CrashCases.TruncateUnderThePlainBclMapping, Folder.File("bcl"));
        Assert.True(today.ExitCode == 134, today.ToString()); // the control: without the library the process dies

        ChildProcess.Result withUs = ChildProcess.Run(CrashCases.TruncateUnderADirectMapping, Folder.File("direct"));
        Assert.True(withUs.ExitCode == 0, withUs.ToString());
    }
}
