using System.Collections.Concurrent;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>A break that begins when the lease is granted, and before the region or lease is made that the callback is given.</summary>
public sealed class EarlyBreakTests : FileTest
{
    private readonly ConcurrentQueue<(object Holder, LeaseBreak Break)> _told = [];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_holder_of_a_region_is_told_once_it_is_made(bool isAsync)
    {
        Create().Dispose();
        using DirectFile file = DirectFile.Open(Folder.File(), new DirectFileOptions { Coordinator = new Eager(Coordinator) });
        MapOptions options = MapOptions.DirectOrEmulated with { OnBreak = (region, why) => _told.Enqueue((region, why)) };

        using MappedRegion region =
            isAsync ? await file.MapAsync(options, TestContext.Current.CancellationToken) : file.Map(options);

        AssertIsTold(region);
        Assert.Equal(RegionState.Breaking, region.State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_holder_of_a_lease_is_told_once_it_is_made(bool isAsync)
    {
        Create().Dispose();
        using DirectFile file = DirectFile.Open(Folder.File(), new DirectFileOptions { Coordinator = new Eager(Coordinator) });
        LeaseOptions options = new() { OnBreak = (lease, why) => _told.Enqueue((lease, why)) };

        using ILayoutLease lease =
            isAsync ? await file.AcquireLeaseAsync(options, TestContext.Current.CancellationToken) : file.AcquireLease(options);

        AssertIsTold(lease);
        Assert.Equal(LeaseState.Breaking, lease.State);
    }

    [Fact]
    public void Nobody_is_told_of_a_break_of_what_was_only_probed()
    {
        Create().Dispose();
        using DirectFile file = DirectFile.Open(Folder.File(), new DirectFileOptions { Coordinator = new Eager(Coordinator) });

        MapProbe probe = file.Probe(MapOptions.DirectOrEmulated with { OnBreak = (region, why) => _told.Enqueue((region, why)) });
        MapProbe asyncProbe = file.Probe(MapOptions.DirectOrEmulated with
        {
            OnBreakAsync = (region, why) =>
            {
                _told.Enqueue((region, why));
                return Task.CompletedTask;
            },
        });

        Assert.Null(probe.Refusal ?? asyncProbe.Refusal);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { OnBreak = (self, why) => _told.Enqueue((self, why)) });
        AssertIsTold(region); // and of nothing else
    }

    private void AssertIsTold(object holder)
    {
        Soon.Until(() => !_told.IsEmpty, "the holder is told");
        (object told, LeaseBreak why) = Assert.Single(_told);
        Assert.Same(holder, told);
        Assert.Equal("early", why.Breaker);
    }

    /// <summary>Each lease is broken, and its callback has been called, before it is handed out.</summary>
    private sealed class Eager(LeaseCoordinator inner) : PassingCoordinator(inner)
    {
        public override ILayoutLease Acquire(LeaseRequest request) => Broken(request, Inner.Acquire);

        public override ValueTask<ILayoutLease> AcquireAsync(LeaseRequest request, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(Broken(request, Inner.Acquire));

        private ILayoutLease Broken(LeaseRequest request, Func<LeaseRequest, ILayoutLease> acquire)
        {
            using ManualResetEventSlim told = new();
            Action<LeaseBreak>? onBreak = request.OnBreak;
            ILayoutLease lease = acquire(request with
            {
                OnBreak = why =>
                {
                    onBreak?.Invoke(why);
                    told.Set();
                },
            });
            BreakRequest early = new()
            {
                File = request.File,
                Owner = new object(),
                Operation = LayoutOperation.Write,
                Range = FileRange.Whole,
                Breaker = "early",
                Options = new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse },
            };
            Assert.Throws<LeaseConflictException>(() => Inner.Break(early));
            Assert.True(told.Wait(Soon.Patience), "the lease's own callback was not called");
            return lease;
        }
    }
}
