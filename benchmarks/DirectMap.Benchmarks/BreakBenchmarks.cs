using BenchmarkDotNet.Attributes;
using DirectMap.FileSystems;

namespace DirectMap.Benchmarks;

/// <summary>
/// How long it takes from the breaker's call until it has the right, when the holder lets go in its callback: beside a bare hand-over from
/// one task to another and back. Target: at most 2.5 times that, less what taking the lease costs, which is measured, too.
/// </summary>
public class BreakBenchmarks
{
    private const int Rounds = 10_000;
    private const int Files = 1000;
    private const int LeasesPerFile = 10;

    private readonly LeaseCoordinator _coordinator = new();
    private readonly FileId _file = new(1, 2, 3);
    private readonly object _owner = new();
    private readonly BreakRequest _break;
    private readonly int _rounds = Rounds;
    private readonly Holder[] _held = new Holder[Files * LeasesPerFile]; // else they may be collected, and with them the leases

    public BreakBenchmarks() => _break = Request(_file);

    [Benchmark(Baseline = true, OperationsPerInvoke = Rounds), BenchmarkCategory("Break")]
    public async Task TwoHopHandOver()
    {
        int rounds = _rounds;
        for (int i = 0; i < rounds; i++)
        {
            TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
            TaskCompletionSource back = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _ = HandBackAsync(asked, back);
            asked.SetResult();
            await back.Task.ConfigureAwait(false);
        }

        static async Task HandBackAsync(TaskCompletionSource asked, TaskCompletionSource back)
        {
            await asked.Task.ConfigureAwait(false);
            back.SetResult();
        }
    }

    /// <summary>To be subtracted from the next: a lease that is not broken.</summary>
    [Benchmark(OperationsPerInvoke = Rounds), BenchmarkCategory("Break")]
    public void LeaseTakenAndLetGo()
    {
        for (int i = 0; i < Rounds; i++)
        {
            Hold(_file, 0);
            _held[0].Lease!.Dispose();
        }
    }

    [Benchmark(OperationsPerInvoke = Rounds), BenchmarkCategory("Break")]
    public async Task BreakOfAWillingHolder()
    {
        for (int i = 0; i < Rounds; i++)
        {
            Hold(_file, 0);
            (await _coordinator.BreakAsync(_break).ConfigureAwait(false)).Dispose();
        }
    }

    /// <summary>All at once; for each lease. No pool thread waits for another.</summary>
    [Benchmark(OperationsPerInvoke = Files * LeasesPerFile), BenchmarkCategory("Break")]
    public async Task BreakOf10000LeasesOn1000Files()
    {
        Task[] breakers = new Task[Files];
        for (int file = 0; file < Files; file++)
        {
            for (int lease = 0; lease < LeasesPerFile; lease++)
            {
                Hold(new FileId(7, (ulong)file, 0), (file * LeasesPerFile) + lease);
            }
        }

        for (int file = 0; file < Files; file++)
        {
            breakers[file] = BreakAsync(new FileId(7, (ulong)file, 0));
        }

        await Task.WhenAll(breakers).ConfigureAwait(false);

        async Task BreakAsync(FileId file) => (await _coordinator.BreakAsync(Request(file)).ConfigureAwait(false)).Dispose();
    }

    private void Hold(FileId file, int place)
    {
        Holder holder = _held[place] = new();
        holder.Lease = _coordinator.Acquire(new LeaseRequest { File = file, Owner = _owner, OnBreak = holder.LetGo });
    }

    private static BreakRequest Request(FileId file) =>
        new() { File = file, Owner = new object(), Operation = LayoutOperation.Write, Range = FileRange.Whole, Breaker = "benchmark" };

    private sealed class Holder
    {
        internal ILayoutLease? Lease { get; set; }

        internal void LetGo(LeaseBreak leaseBreak) => Lease!.Dispose();
    }
}
