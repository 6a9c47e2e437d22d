using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DirectMap.Layout;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Diagnostics;

/// <summary>The diagnostic mode names the culprit; switched off it remembers nothing.</summary>
public sealed class DiagnosticTests : FileTest
{
    private readonly ConcurrentQueue<DiagnosticFinding> _findings = new();

    public DiagnosticTests() => Coordinator.Services.Diagnostics = _findings.Enqueue;

    private DiagnosticFinding Finding(DiagnosticKind kind)
    {
        Soon.Until(
            () =>
            {
                ProcSelf.CollectGarbage();
                return _findings.Any(finding => finding.Kind == kind);
            },
            $"{kind} is found");
        return Assert.Single(_findings, finding => finding.Kind == kind);
    }

    private void AssertNames(DiagnosticFinding finding, string method)
    {
        Assert.Contains(nameof(DiagnosticTests), finding.Culprit, StringComparison.Ordinal);
        Assert.Contains(method, finding.Culprit, StringComparison.Ordinal);
        Assert.Contains(method, finding.StackTrace, StringComparison.Ordinal);
        Assert.Equal(Clock.GetUtcNow(), finding.TakenAt);
        Assert.Contains(finding.Culprit, finding.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_lease_that_is_held_past_its_break_is_reported_with_its_taker()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion region = TakeARegion(file);
        Coordinator.Services.LeaseBreakTime = TimeSpan.FromTicks(1);
        Assert.Throws<LeaseConflictException>(() => other.Write([1], 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        Coordinator.Services.Diagnostics = null; // what was taken before is still watched
        Clock.Advance(TimeSpan.FromTicks(1));

        DiagnosticFinding finding = Finding(DiagnosticKind.LeaseHeldPastBreak);

        Assert.Same(region.Lease!.CurrentBreak, finding.Break);
        Assert.Contains(file.Path, finding.Subject, StringComparison.Ordinal);
        Assert.Contains($"{nameof(DiagnosticTests)}.{nameof(TakeARegion)}", finding.Culprit, StringComparison.Ordinal);
        Assert.Contains(nameof(DiagnosticTests) + ".cs", finding.Culprit, StringComparison.Ordinal);
        Assert.Contains(
            nameof(TakeARegion),
            file.GetLeases().Count == 0 ? nameof(TakeARegion) : file.GetLeases()[0].StackTrace,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_lease_released_in_time_is_not()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        MappedRegion region = TakeARegion(file);
        Assert.Throws<LeaseConflictException>(() => other.Write([1], 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        region.Dispose();
        PassDeadline();

        AssertNothingIsFound();
    }

    [Fact]
    public void A_region_that_is_collected_without_Dispose_is_reported_once()
    {
        using DirectFile file = Create();
        Forget(() => TakeARegion(file));

        DiagnosticFinding finding = Finding(DiagnosticKind.RegionNotDisposed);

        AssertNames(finding, nameof(TakeARegion));
        Assert.DoesNotContain(_findings, other => other.Kind == DiagnosticKind.LeaseNotReleased);
    }

    [Fact]
    public async Task A_region_that_was_mapped_asynchronously_names_its_taker_too()
    {
        using DirectFile file = Create();
        await ForgetAsync();

        Assert.Contains(nameof(MapLaterAsync), Finding(DiagnosticKind.RegionNotDisposed).StackTrace, StringComparison.Ordinal);

        [MethodImpl(MethodImplOptions.NoInlining)]
        async Task ForgetAsync() => await MapLaterAsync(file);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task MapLaterAsync(DirectFile file) => await file.MapAsync(MapOptions.DirectOrEmulated);

    [Fact]
    public void A_lease_and_a_right_that_are_collected_are_reported()
    {
        using DirectFile file = Create();
        Forget(() => TakeALease(file));
        AssertNames(Finding(DiagnosticKind.LeaseNotReleased), nameof(TakeALease));

        Forget(() => TakeARight(file));
        AssertNames(Finding(DiagnosticKind.RightNotGivenBack), nameof(TakeARight));
    }

    [Fact]
    public void A_scope_that_is_disposed_without_Complete_is_reported()
    {
        using DirectFile file = Create();
        using MappedRegion region = TakeARegion(file);
        using (RegionScope complete = region.OpenScope(0, 8))
        {
            complete.Span[0] = 1;
            complete.Complete();
        }

        OpenAScope(region);

        DiagnosticFinding finding = Finding(DiagnosticKind.ScopeNotCompleted);
        AssertNames(finding, nameof(OpenAScope));
        Assert.Contains("8 bytes at 16", finding.Subject, StringComparison.Ordinal);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void OpenAScope(MappedRegion region)
        {
            using RegionScope scope = region.OpenScope(16, 8);
            scope.Span[0] = 1;
        }
    }

    [Fact]
    public async Task A_scope_that_a_release_gives_up_waiting_for_is_reported_and_still_works()
    {
        using DirectFile file = Create();
        MappedRegion region = TakeARegion(file);
        using ParkedThread holder = new(park =>
        {
            using RegionScope scope = region.OpenScope(0, 8);
            park();
            try
            {
                scope.Complete();
                Assert.Fail("the region is gone");
            }
            catch (ObjectDisposedException)
            {
            }
        });

        Assert.False(await region.ReleaseAsync(TimeSpan.Zero).Within());

        Assert.Contains(
            nameof(A_scope_that_a_release_gives_up_waiting_for_is_reported_and_still_works),
            Finding(DiagnosticKind.ScopeLeftOpen).StackTrace,
            StringComparison.Ordinal);
        Assert.Null(holder.Finish());
        Assert.DoesNotContain(_findings, finding => finding.Kind == DiagnosticKind.ScopeNotCompleted); // one mistake, one report
    }

    [Fact]
    public void A_scope_whose_thread_has_ended_is_reported_at_the_latest_when_the_region_is_disposed()
    {
        using DirectFile file = Create();
        MappedRegion region = TakeARegion(file);
        Thread thread = new(() => region.OpenScope(0, 8));
        thread.Start();
        thread.Join();
        Soon.Until(() => !thread.IsAlive, "the thread is gone");

        region.Dispose();

        Finding(DiagnosticKind.ScopeLeftOpen);
    }

    [Fact]
    public void Diagnosed_scopes_behave_as_others_do()
    {
        using DirectFile file = Create();
        MappedRegion region = TakeARegion(file);
        RegionScope first = region.OpenScope(0, 8);
        RegionScope second = region.OpenScope(8, 8);
        RegionScope copy = second;
        first.Span.Fill(1);
        second.Span.Fill(2);
        second.Complete();
        first.Complete();
        first.Dispose();
        second.Dispose();
        copy.Dispose();
        try
        {
            copy.Complete();
            Assert.Fail("a scope that was disposed completes");
        }
        catch (ObjectDisposedException)
        {
        }

        Assert.Equal(0x0101010101010101, region.Read<long>(0));
        region.Write(0, 5L);
        region.Persist();
        region.Dispose();
        Assert.Throws<ObjectDisposedException>(() => region.OpenScope(0, 8));
        Assert.Throws<ObjectDisposedException>(() => region.Read<long>(0));
        AssertNothingIsFound();
    }

    [Fact]
    public async Task A_diagnosed_region_drains_and_is_revoked_as_others_are()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        MappedRegion drained = TakeARegion(file);
        using (ParkedThread holder = new(park =>
        {
            using RegionScope scope = drained.OpenScope(0, 8);
            park();
            scope.Complete();
        }))
        {
            Task<bool> release = drained.ReleaseAsync();
            Soon.Until(() => drained.State == RegionState.Releasing, "the release begins");
            Assert.False(release.IsCompleted);
            Assert.Null(holder.Finish());
            Assert.True(await release.Within());
        }

        MappedRegion revoked = TakeARegion(file);
        Assert.Throws<LeaseConflictException>(() => other.Write([1], 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        PassDeadline();
        Soon.Until(() => revoked.State == RegionState.Revoked, "the region is revoked");
        Assert.Throws<MappingFaultException>(() => revoked.OpenScope(0, 8));
        Assert.Throws<MappingFaultException>(() => revoked.Read<int>(0));
        revoked.Dispose();
    }

    [Fact]
    public void A_report_that_throws_goes_to_the_report_of_failures()
    {
        ConcurrentQueue<Exception> failures = new();
        Coordinator.Services.CallbackFailed = failures.Enqueue;
        Coordinator.Services.Diagnostics = _ => throw new InvalidOperationException("mine");
        using DirectFile file = Create();
        Forget(() => TakeALease(file));

        Soon.Until(
            () =>
            {
                ProcSelf.CollectGarbage();
                return !failures.IsEmpty;
            },
            "the failure is reported");
    }

    [Fact]
    public void A_lease_whose_revocation_fails_again_and_again_is_reported_once()
    {
        Coordinator.Services.LeaseBreakTime = TimeSpan.FromTicks(1);
        using ILayoutLease lease = Coordinator.Acquire(
            new LeaseRequest { File = new FileId(1, 1, 1), Owner = new object(), Revoke = _ => throw new IOException("no") });
        BreakRequest request = new()
        {
            File = new FileId(1, 1, 1),
            Owner = new object(),
            Operation = LayoutOperation.Write,
            Range = FileRange.Whole,
            Breaker = "b",
            Options = new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }
        };
        for (int i = 0; i < 3; i++)
        {
            Assert.Throws<LeaseConflictException>(() => Coordinator.Break(request));
            Clock.Advance(TimeSpan.FromTicks(1));
        }

        Finding(DiagnosticKind.LeaseHeldPastBreak);
    }

    [Fact]
    public void A_report_of_failures_that_throws_harms_nobody()
    {
        ChildProcess.Result result = ChildProcess.Run(Children.LeaseCases.ReportsThatThrow);

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public async Task A_clock_that_throws_leaves_no_scope_open()
    {
        ThrowingClock clock = new();
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { TimeProvider = clock, Diagnostics = _findings.Enqueue });
        using DirectFile file = DirectFile.Create(Folder.File("clock.pmem"), 4096, new DirectFileOptions { Coordinator = coordinator });
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        clock.Throws = true;
        Assert.Throws<InvalidTimeZoneException>(() => region.OpenScope(0, 8));
        clock.Throws = false;

        Assert.True(await region.ReleaseAsync(TimeSpan.FromSeconds(5)).Within());
        Assert.DoesNotContain(_findings, finding => finding.Kind == DiagnosticKind.ScopeLeftOpen);
    }

    private sealed class ThrowingClock : TimeProvider
    {
        internal bool Throws { get; set; }

        public override DateTimeOffset GetUtcNow() => Throws ? throw new InvalidTimeZoneException() : base.GetUtcNow();
    }

    [Fact]
    public void Switched_off_it_remembers_nothing_and_reports_nothing()
    {
        Coordinator.Services.Diagnostics = null;
        using DirectFile file = Create();
        using ILayoutLease lease = TakeALease(file);
        Assert.Null(file.GetLeases().Single().StackTrace);
        using MappedRegion region = TakeARegion(file);
        Coordinator.Services.Diagnostics = _findings.Enqueue; // for what is taken from now on
        using (region.OpenScope(0, 8))
        {
        }

        Forget(() => TakeARegionSilently(file));
        AssertNothingIsFound();

        MappedRegion TakeARegionSilently(DirectFile file)
        {
            Coordinator.Services.Diagnostics = null;
            return TakeARegion(file);
        }
    }

    private void AssertNothingIsFound()
    {
        ProcSelf.CollectGarbage();
        using ManualResetEventSlim done = new();
        ThreadPool.UnsafeQueueUserWorkItem(_ => done.Set(), null); // behind the reports, if there were any
        Assert.True(done.Wait(Soon.Patience));
        Assert.Empty(_findings);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static MappedRegion TakeARegion(DirectFile file) => file.Map(MapOptions.DirectOrEmulated);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ILayoutLease TakeALease(DirectFile file) => file.AcquireLease();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ILayoutRight TakeARight(DirectFile file) => file.BreakLayout(FileRange.Whole);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(Func<object> take) => take();
}
