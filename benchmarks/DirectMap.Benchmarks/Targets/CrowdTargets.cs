namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// What a breaker costs that waits with others for one place, and what it costs in a crowd ten times as large. n log n would be 1.33 times
/// for each; what is more is for caches.
/// </summary>
internal static class CrowdTargets
{
    private const int Few = 1000;
    private const int Many = 10_000;
    private const double Limit = 2;

    internal static IEnumerable<Line> Measure(Paired paired)
    {
        LeaseCoordinator coordinator = new();
        object own = new();
        yield return Compare("10,000 breakers of one place, to 1,000", () => new object());
        using ILayoutRight elsewhere = coordinator.Break(Request(own, new FileRange(1L << 40, 4096), LayoutOperation.BreakLayout));
        yield return Compare("the same, with an own right elsewhere", () => own);
        yield return Compare("10,000 rights (BreakLayout) of one place, to 1,000", () => new object(), LayoutOperation.BreakLayout);

        Line Compare(string name, Func<object> owner, LayoutOperation operation = LayoutOperation.Write) => Line.AtMost(
            name,
            Limit,
            paired.Compare(
                count => Crowds(coordinator, () => Request(owner(), new FileRange(0, 8), operation), count, Many),
                count => Crowds(coordinator, () => Request(owner(), new FileRange(0, 8), operation), count * (Many / Few), Few),
                TimeSpan.FromTicks(1),
                40).Each(Many),
            "for each breaker");
    }

    private static void Crowds(LeaseCoordinator coordinator, Func<BreakRequest> request, int crowds, int size)
    {
        Task[] breakers = new Task[size];
        for (; crowds > 0; crowds--)
        {
            ILayoutLease lease = coordinator.Acquire(new LeaseRequest { File = default, Owner = breakers, Range = new FileRange(0, 4096) });
            for (int i = 0; i < size; i++)
            {
                breakers[i] = BreakAsync(coordinator, request());
            }

            lease.Dispose();
            Task.WhenAll(breakers).GetAwaiter().GetResult();
        }
    }

    private static async Task BreakAsync(LeaseCoordinator coordinator, BreakRequest request) =>
        (await coordinator.BreakAsync(request).ConfigureAwait(false)).Dispose();

    private static BreakRequest Request(object owner, FileRange range, LayoutOperation operation) =>
        new() { File = default, Owner = owner, Operation = operation, Range = range, Breaker = "benchmark" };
}
