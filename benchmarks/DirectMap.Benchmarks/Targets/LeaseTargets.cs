namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// The coordinator's lines; the work is that of <see cref="LeaseBenchmarks"/>, <see cref="LookUpBenchmarks"/> and
/// <see cref="BreakBenchmarks"/>.
/// </summary>
internal static class LeaseTargets
{
    private static readonly LeaseBenchmarks s_lease = new();
    private static readonly LookUpBenchmarks s_few = new() { Leases = 64 };
    private static readonly LookUpBenchmarks s_many = new() { Leases = 65_536 };
    private static readonly BreakBenchmarks s_break = new();

    internal static IEnumerable<Line> Lease(Paired paired)
    {
        yield return Line.AtMost("taken and released, to an interlocked pair", 5, paired.Compare(Leases, InterlockedPairs));
        const int Count = 10_000;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Leases(Count);
        yield return Line.AtMost(
            "taken and released, allocated", "bytes", 256, (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Count);
    }

    internal static IEnumerable<Line> LookUp(Paired paired)
    {
        s_few.Setup();
        s_many.Setup();
        yield return Line.AtMost("a breaker among 65,536 leases, to 64", 5, paired.Compare(Many, Few));
        s_few.Cleanup();
        s_many.Cleanup();
    }

    internal static IEnumerable<Line> Break(Paired paired)
    {
        Comparison whole = paired.Compare(Breaks, HandOvers, TimeSpan.FromTicks(1), 100);
        Comparison lease = paired.Compare(LeasesOfBreaks, HandOvers, TimeSpan.FromTicks(1), 100);
        yield return Line.AtMost(
            "a willing holder, less its lease, to two hops",
            2.5,
            new Comparison(whole.Measured - lease.Measured, whole.Peer, whole.Ratio - lease.Ratio),
            Line.Text($"with it {whole.Ratio:0.00}x; for 10,000 of each"));
    }

    private static void Leases(int count)
    {
        for (int i = 0; i < count; i++)
        {
            s_lease.AcquireAndRelease();
        }
    }

    private static void InterlockedPairs(int count)
    {
        for (int i = 0; i < count; i++)
        {
            s_lease.InterlockedPair();
        }
    }

    private static void Few(int count)
    {
        for (int i = 0; i < count; i++)
        {
            s_few.BreakBetweenLeases();
        }
    }

    private static void Many(int count)
    {
        for (int i = 0; i < count; i++)
        {
            s_many.BreakBetweenLeases();
        }
    }

    private static void Breaks(int count)
    {
        for (int i = 0; i < count; i++)
        {
            s_break.BreakOfAWillingHolder().GetAwaiter().GetResult();
        }
    }

    private static void LeasesOfBreaks(int count)
    {
        for (int i = 0; i < count; i++)
        {
            s_break.LeaseTakenAndLetGo();
        }
    }

    private static void HandOvers(int count)
    {
        for (int i = 0; i < count; i++)
        {
            s_break.TwoHopHandOver().GetAwaiter().GetResult();
        }
    }
}
