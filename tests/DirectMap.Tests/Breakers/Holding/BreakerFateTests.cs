using System.Diagnostics;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Breakers.Holding;

/// <summary>What becomes of a process whose call waits, and of the lease in its way.</summary>
public sealed class BreakerFateTests(ForeignProgram program) : HoldingTest(program)
{
    [Fact]
    public async Task A_write_waits_until_the_lease_is_released_and_is_told_with_its_process()
    {
        using DirectFile file = Guarded(Long);
        MappedRegion region = Map(file);
        Assert.Equal((ProtectionLevel.Proved, ProtectionEngine.PreContent), (region.Protection.Level, region.Protection.Engine));
        ForeignProcess breaker = Writer();

        Task<ForeignProcess.Answer> writing = breaker.Begin("pwrite 4096 10");
        AwaitBreaks();

        Assert.True(Told.TryPeek(out LeaseBreak? told));
        Assert.Equal(
            (LayoutOperation.Write, new FileRange(4096, 4096), breaker.Id, breaker.Id, "foreign", "pwrite64"),
            (told.Operation, told.Range, told.Process?.ProcessId, told.Process?.ThreadId, told.Process?.Command, told.Process?.SystemCall));
        Assert.False(writing.IsCompleted);
        Assert.Equal(0, region.Read<byte>(4096));
        region.Dispose();
        Assert.Equal(new ForeignProcess.Answer(0, 10), await writing.Within());
        AssertCanBeMapped(file);
        Assert.Equal(ProtectionLevel.Proved, file.Protection.Level);
    }

    [Fact]
    public async Task A_breaker_that_is_killed_while_it_waits_has_changed_nothing_and_leaves_nothing()
    {
        using DirectFile file = Guarded(Long);
        int descriptors = ProcSelf.DescriptorsOf(Folder.Path);
        MappedRegion region = Map(file);
        ForeignProcess breaker = Writer();
        Task<ForeignProcess.Answer> writing = breaker.Begin("pwrite 0 10");
        AwaitBreaks();

        breaker.Kill();

        await Assert.ThrowsAsync<EndOfStreamException>(() => writing.Within());
        Assert.Equal(0, region.Read<byte>(0));
        Assert.Equal(RegionState.Breaking, region.State); // The break goes on, as for each breaker that gives up.
        region.Dispose();
        AssertCanBeMapped(file);
        Soon.Until(() => ProcSelf.DescriptorsOf(Folder.Path) == descriptors, "the event's descriptor is closed");
    }

    [Theory]
    [InlineData("pwrite 0 10")]
    [InlineData("ftruncate 8192")]
    [InlineData("mmap 3 1 4096")]
    [InlineData("fallocate 3 0 4096")]
    public async Task A_breaker_that_is_stopped_holds_no_lease_up_once_its_call_is_done(string call)
    {
        using DirectFile file = Guarded(Long, ProtectionLevel.Proved);
        MappedRegion region = Map(file);
        ForeignProcess breaker = Writer();
        Task<ForeignProcess.Answer> calling = breaker.Begin(call);
        AwaitBreaks();
        breaker.Signal(ForeignProcess.SIGSTOP);
        Assert.False(calling.IsCompleted);

        region.Dispose();

        using (ILayoutLease lease = await file.AcquireLeaseAsync(
            new LeaseOptions { WhenUnavailable = WhenUnavailable.Wait }).AsTask().Within())
        {
            Assert.Equal(LeaseState.Active, lease.State);
            Assert.False(calling.IsCompleted, "the breaker is stopped");
        }

        breaker.Signal(ForeignProcess.SIGCONT);
        Assert.Equal(0, (await calling.Within()).Errno);
    }

    [Fact]
    public async Task Whoever_meets_an_exclusive_lease_is_told_that_the_file_is_busy_and_breaks_nothing()
    {
        using DirectFile file = Guarded(Long);
        using MappedRegion region = Map(file, LeaseMode.Exclusive);
        ForeignProcess breaker = Writer();
        string[] calls = ["pwrite 0 10", "ftruncate 0", "truncate 0", "fallocate 0 0 4096", "mmap 3 1 4096", $"open {0x201}"];
        foreach (string call in calls)
        {
            Assert.Equal((call, ForeignProcess.ETXTBSY), (call, (await breaker.Begin(call).Within()).Errno));
        }

        Assert.Equal(new ForeignProcess.Answer(0, 10), await breaker.Begin("pread 0 10").Within());
        Assert.Equal(0, (await breaker.Begin("mmap 1 2 4096").Within()).Errno);
        Assert.Empty(Told);
        Assert.Equal((RegionState.Active, 64 << 10), (region.State, new FileInfo(file.Path).Length));
    }

    [Fact]
    public async Task Who_opens_it_to_truncate_and_does_not_want_to_wait_is_told_to_try_again_and_the_break_goes_on()
    {
        using DirectFile file = Guarded(Long);
        MappedRegion region = Map(file);
        ForeignProcess breaker = Start("told");
        string call = $"open {ForeignProcess.O_RDWR | ForeignProcess.O_TRUNC | ForeignProcess.O_NONBLOCK}";

        Assert.Equal(ForeignProcess.EAGAIN, (await breaker.Begin(call).Within()).Errno);

        AwaitBreaks();
        Assert.Equal(LeaseState.Breaking, region.Lease!.State);
        Assert.Equal(64 << 10, file.Length);
        region.Dispose();
        Assert.Equal(0, (await breaker.Begin(call).Within()).Errno);
        Assert.Equal(0, new FileInfo(file.Path).Length);
        using ILayoutLease lease = await file.AcquireLeaseAsync(
            new LeaseOptions { WhenUnavailable = WhenUnavailable.Wait }).AsTask().Within();
    }

    [Theory]
    [InlineData("user,pid,mount", "--user", "--map-root-user", "--pid", "--mount", "--fork", "--kill-child")]
    [InlineData("pid,mount", "--pid", "--mount", "--fork", "--kill-child")]
    public async Task A_breaker_in_other_namespaces_waits_and_is_known_by_the_number_that_it_has_here(string what, params string[] options)
    {
        Requires.Have("unshare", CCompiler.Has("unshare"), "needs unshare");
        using DirectFile file = Guarded(Long);
        MappedRegion region = Map(file);
        ForeignProcess breaker = StartUnder(["unshare", .. options], "told", "file.pmem");
        Assert.Equal((what, 0), (what, breaker.Do($"open {ForeignProcess.O_RDWR}").Errno));

        Task<ForeignProcess.Answer> writing = breaker.Begin("pwrite 0 10");
        AwaitBreaks();

        Assert.True(Told.TryPeek(out LeaseBreak? told));
        Assert.Equal(("foreign", "pwrite64"), (told.Process!.Command, told.Process.SystemCall));
        Assert.Equal("foreign\n", await File.ReadAllTextAsync($"/proc/{told.Process.ProcessId}/comm"));
        region.Dispose();
        Assert.Equal(0, (await writing.Within()).Errno);
        AssertCanBeMapped(file);
    }

    [Fact]
    public async Task An_owner_cannot_lease_his_guarded_file_for_himself_and_waits_to_truncate_it_as_anybody()
    {
        const int F_WRLCK = 1;
        using DirectFile file = Guarded(Long);
        MappedRegion region = Map(file);
        ForeignProcess owner = Writer();
        Assert.Equal(ForeignProcess.EAGAIN, owner.Do($"lease {F_WRLCK}").Errno); // This process has it open.

        Task<ForeignProcess.Answer> truncating = owner.Begin("ftruncate 8192");
        AwaitBreaks();
        Assert.False(truncating.IsCompleted);
        region.Dispose();
        Assert.Equal(0, (await truncating.Within()).Errno);
        Assert.Equal(8192, new FileInfo(file.Path).Length);
    }

    [Fact]
    public async Task Two_breakers_have_one_deadline_and_go_on_after_it()
    {
        using DirectFile file = Guarded(Short);
        using MappedRegion region = Map(file);
        ForeignProcess one = Writer();
        ForeignProcess other = Writer();
        long begin = Stopwatch.GetTimestamp();

        Task<ForeignProcess.Answer> first = one.Begin("pwrite 0 10");
        AwaitBreaks();
        Task<ForeignProcess.Answer> second = other.Begin("pwrite 8192 10");

        Assert.Equal(0, (await first.Within()).Errno);
        Assert.InRange(Stopwatch.GetElapsedTime(begin), Short - TimeSpan.FromMilliseconds(1), Short + TimeSpan.FromSeconds(2));
        Assert.Equal(0, (await second.Within()).Errno);
        Assert.Single(Told);
        Assert.Equal(RegionState.Revoked, region.State);
    }
}
