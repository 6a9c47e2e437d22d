using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Diagnostics;

/// <summary>A coordinator of the user's that wraps the library's own loses neither what it finds nor what callbacks throw.</summary>
public sealed class WrappedCoordinatorTests : FileTest
{
    private readonly ConcurrentQueue<DiagnosticFinding> _findings = new();
    private readonly ConcurrentQueue<Exception> _failures = new();
    private readonly DirectFileOptions _options;
    private readonly DirectFile _file;

    public WrappedCoordinatorTests()
    {
        Coordinator.Services.Diagnostics = _findings.Enqueue;
        Coordinator.Services.CallbackFailed = _failures.Enqueue;
        Create().Dispose();
        _options = new DirectFileOptions { Coordinator = new PassingCoordinator(new PassingCoordinator(Coordinator)) };
        _file = DirectFile.Open(Folder.File(), _options);
    }

    public override void Dispose()
    {
        _file.Dispose();
        base.Dispose();
    }

    [Fact]
    public void A_region_that_is_forgotten_is_found_with_its_taker()
    {
        Forget();

        DiagnosticFinding finding = Finding(DiagnosticKind.RegionNotDisposed);
        Assert.Contains(nameof(Forget), finding.Culprit, StringComparison.Ordinal);

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Forget() => _file.Map(MapOptions.DirectOrEmulated);
    }

    [Fact]
    public void A_lease_and_a_right_that_are_forgotten_are_found_with_their_takers()
    {
        ForgetLease(_file);
        Assert.Contains(nameof(ForgetLease), Finding(DiagnosticKind.LeaseNotReleased).Culprit, StringComparison.Ordinal);
        ForgetRight(_file);
        Assert.Contains(nameof(ForgetRight), Finding(DiagnosticKind.RightNotGivenBack).Culprit, StringComparison.Ordinal);
    }

    /// <summary>Its user is the one, and where it is called within the library, it is called for itself.</summary>
    [Fact]
    public void A_lease_that_the_users_code_takes_from_the_coordinator_in_a_callback_is_that_codes()
    {
        LeaseRequest request = new() { File = new FileId(1, 2, 3), Owner = new object() };
        using ManualResetEventSlim isTaken = new();
        using ILayoutLease held = _file.AcquireLease(new LeaseOptions { OnBreak = (_, _) => TakeInCallback() });
        using DirectFile other = DirectFile.Open(_file.Path, _options);
        Assert.Throws<LeaseConflictException>(() => other.Write([1], 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        Assert.True(isTaken.Wait(Soon.Patience));

        Assert.Contains(nameof(TakeInCallback), Finding(DiagnosticKind.LeaseNotReleased).Culprit, StringComparison.Ordinal);

        [MethodImpl(MethodImplOptions.NoInlining)]
        void TakeInCallback()
        {
            GC.KeepAlive(Coordinator.Acquire(request));
            isTaken.Set();
        }
    }

    [Fact]
    public void A_scope_without_Complete_is_found()
    {
        using MappedRegion region = _file.Map(MapOptions.DirectOrEmulated);
        region.OpenScope(16, 8).Dispose();

        Assert.Contains("8 bytes at 16", Finding(DiagnosticKind.ScopeNotCompleted).Subject, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lease_that_is_held_past_its_break_is_found_once()
    {
        using MappedRegion region = _file.Map(MapOptions.DirectOrEmulated);
        using DirectFile other = DirectFile.Open(_file.Path, _options);
        Coordinator.Services.LeaseBreakTime = TimeSpan.FromTicks(1);
        Assert.Throws<LeaseConflictException>(() => other.Write([1], 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        Clock.Advance(TimeSpan.FromTicks(1));

        DiagnosticFinding finding = Finding(DiagnosticKind.LeaseHeldPastBreak);
        Assert.Same(region.Lease!.CurrentBreak, finding.Break);
        Assert.Contains(nameof(A_lease_that_is_held_past_its_break_is_found_once), finding.Culprit, StringComparison.Ordinal);
    }

    /// <summary>Also where the break came before there was a region to be told of it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_holders_callback_throws_is_reported(bool ofALease)
    {
        IOException thrown = new("by the callback");
        using DirectFile other = DirectFile.Open(_file.Path, _options);
        using IDisposable holder = ofALease
            ? _file.AcquireLease(new LeaseOptions { OnBreak = (_, _) => throw thrown })
            : _file.Map(MapOptions.DirectOrEmulated with { OnBreak = (_, _) => throw thrown });

        Assert.Throws<LeaseConflictException>(() => other.Write([1], 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));

        Soon.Until(() => !_failures.IsEmpty, "the failure is reported");
        Assert.Same(thrown, Assert.Single(_failures));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ForgetLease(DirectFile file) => _ = file.AcquireLease();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ForgetRight(DirectFile file) => _ = file.BreakLayout(FileRange.Whole);

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
}
