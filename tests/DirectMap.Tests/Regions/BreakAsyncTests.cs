using System.Collections.Concurrent;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Regions;

/// <summary>A callback that awaits: it lets go when it is ready, and what it fails with is told where that of the other one is.</summary>
public abstract class BreakAsyncTests : FileTest
{
    private readonly ConcurrentQueue<Exception> _failures = new();

    protected BreakAsyncTests(FileBackingKind backing)
        : base(backing) => Coordinator.Services.CallbackFailed = _failures.Enqueue;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_holder_persists_and_lets_go_behind_an_await_and_the_breaker_goes_on_before_the_deadline()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using MappedRegion region = file.Map(MapOptions.Default with
        {
            OnBreakAsync = async (region, _) =>
            {
                await ready.Task;
                await region.PersistAsync(Cancellation);
                await region.DisposeAsync();
            },
        });

        Task write = other.WriteAsync(new byte[] { 1 }, 0, cancellationToken: Cancellation).AsTask();
        Soon.Until(() => region.State == RegionState.Breaking, "the break has begun");
        Assert.False(write.IsCompleted);
        ready.SetResult();
        await write;

        Assert.Equal(RegionState.Disposed, region.State);
        Assert.Empty(_failures);
    }

    [Fact]
    public async Task All_failures_of_a_task_are_told()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion region = file.Map(MapOptions.Default with
        {
            OnBreakAsync = (region, _) =>
            {
                region.Dispose();
                return Task.WhenAll(
                    Task.FromException(new InvalidOperationException("one")), Task.FromException(new InvalidOperationException("two")));
            },
        });

        await other.WriteAsync(new byte[] { 1 }, 0, cancellationToken: Cancellation);

        AssertTold("one", "two");
    }

    [Fact]
    public async Task Each_of_several_callbacks_is_called_and_watched()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        Action<MappedRegion, LeaseBreak> synchronous = (_, _) => throw new InvalidOperationException("first");
        Func<MappedRegion, LeaseBreak, Task> asynchronous = (_, _) => Task.FromException(new InvalidOperationException("third"));
        using MappedRegion region = file.Map(MapOptions.Default with
        {
            OnBreak = synchronous + ((_, _) => throw new InvalidOperationException("second")),
            OnBreakAsync = asynchronous + (async (region, _) =>
            {
                await Task.Yield();
                region.Dispose();
                throw new InvalidOperationException("fourth");
            }),
        });

        await other.WriteAsync(new byte[] { 1 }, 0, cancellationToken: Cancellation);

        AssertTold("first", "second", "third", "fourth");
    }

    [Fact]
    public async Task No_task_at_all_is_told_as_what_it_is()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion region = file.Map(MapOptions.Default with
        {
            OnBreakAsync = (region, _) =>
            {
                region.Dispose();
                return null!;
            },
        });

        await other.WriteAsync(new byte[] { 1 }, 0, cancellationToken: Cancellation);

        AssertTold("An OnBreakAsync callback has returned null in place of a task.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_it_fails_with_is_told_whether_it_has_awaited_before_or_not(bool awaits)
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion region = file.Map(MapOptions.Default with { OnBreakAsync = FailAsync });

        Task write = other.WriteAsync(new byte[] { 1 }, 0, cancellationToken: Cancellation).AsTask();
        await write;

        Soon.Until(() => !_failures.IsEmpty, "the failure is told");
        Assert.Equal("mine", Assert.Single(_failures).Message);

        async Task FailAsync(MappedRegion region, LeaseBreak why)
        {
            if (awaits)
            {
                await Task.Yield();
            }

            region.Dispose();
            throw new InvalidOperationException("mine");
        }
    }

    [Fact]
    public async Task Where_both_are_set_both_are_called_also_when_the_first_one_throws()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        TaskCompletionSource<LayoutOperation> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using MappedRegion region = file.Map(MapOptions.Default with
        {
            OnBreak = (_, _) => throw new InvalidOperationException("the first"),
            OnBreakAsync = (region, why) =>
            {
                told.SetResult(why.Operation);
                region.Dispose();
                return Task.CompletedTask;
            },
        });

        other.SetLength(0);

        Assert.Equal(LayoutOperation.SetLength, await told.Task);
        Soon.Until(() => !_failures.IsEmpty, "the failure is told");
        Assert.Equal("the first", Assert.Single(_failures).Message);
    }

    [Fact]
    public async Task A_lease_without_a_mapping_has_one_too()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using ILayoutLease lease = file.AcquireLease(new LeaseOptions
        {
            OnBreakAsync = async (lease, _) =>
            {
                await Task.Yield();
                lease.Dispose();
                throw new InvalidOperationException("mine");
            },
        });

        await other.WriteAsync(new byte[] { 1 }, 0, cancellationToken: Cancellation);

        Assert.Equal(LeaseState.Released, lease.State);
        Soon.Until(() => !_failures.IsEmpty, "the failure is told");
        Assert.Equal("mine", Assert.Single(_failures).Message);
    }

    [Fact]
    public async Task Who_never_lets_go_is_revoked_at_the_deadline_all_the_same()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using CancellationTokenSource end = new();
        using MappedRegion region = file.Map(MapOptions.Default with { OnBreakAsync = (_, _) => Task.Delay(Timeout.Infinite, end.Token) });

        Task write = other.WriteAsync(new byte[] { 1 }, 0, cancellationToken: Cancellation).AsTask();
        Soon.Until(() => region.State == RegionState.Breaking, "the break has begun");
        Clock.Advance(BreakTime);
        await write;

        Assert.Equal(RegionState.Revoked, region.State);
        await end.CancelAsync();
    }

    [Fact]
    public void An_ordinary_mapping_has_nothing_to_be_told_of()
    {
        using DirectFile file = Create();

        ArgumentException wrong = Assert.Throws<ArgumentException>(
            () => file.Map(MapOptions.Ordinary with { OnBreakAsync = (_, _) => Task.CompletedTask }));

        Assert.StartsWith("MapOptions.OnBreakAsync ", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_region_s_lease_tells_of_the_break_and_to_dispose_it_is_to_dispose_the_region()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion region = file.Map();
        ILayoutLease lease = region.Lease!;
        Assert.Equal((LeaseState.Active, LeaseMode.Shared, FileRange.Whole), (lease.State, lease.Mode, lease.Range));
        lease.Upgrade();
        Assert.Equal(LeaseMode.Exclusive, lease.Mode);
        lease.Downgrade();
        using CancellationTokenRegistration letGo = lease.Breaking.Register(lease.Dispose);

        other.Write([1], 0);

        Assert.Equal((RegionState.Disposed, LeaseState.Released), (region.State, lease.State));
        Assert.Equal(LayoutOperation.Write, lease.CurrentBreak!.Operation);
        Assert.Throws<ObjectDisposedException>(() => region.Read<byte>(0));
    }

    [Fact]
    public async Task All_of_a_region_is_persisted_without_saying_how_much_that_is()
    {
        using DirectFile file = Create();
        await using MappedRegion region = file.Map();
        region.Write(file.Length - 8, 7L);

        await region.PersistAsync(Cancellation);

        using DirectFile other = Open();
        byte[] last = new byte[8];
        other.Read(last, file.Length - 8);
        Assert.Equal(7, last[0]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => region.PersistAsync(new CancellationToken(canceled: true)));
    }

    private void AssertTold(params string[] messages)
    {
        Soon.Until(() => _failures.Count >= messages.Length, "the failures are told");
        Assert.Equal(messages.Order(), _failures.Select(failure => failure.Message).Order());
        Assert.All(_failures, failure => Assert.IsType<InvalidOperationException>(failure));
    }
}
