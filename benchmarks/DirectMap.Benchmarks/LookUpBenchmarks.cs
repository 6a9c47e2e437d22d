using BenchmarkDotNet.Attributes;
using DirectMap.FileSystems;

namespace DirectMap.Benchmarks;

/// <summary>
/// How long a breaker looks for leases that are in its way, with few and with many leases on the file. Target: with 65,536 at most 5
/// times as long as with 64.
/// </summary>
public class LookUpBenchmarks
{
    private const int Spacing = 4096;

    private readonly LeaseCoordinator _coordinator = new();
    private readonly object _owner = new();
    private readonly BreakRequest[] _between = new BreakRequest[1024];
    private readonly LeaseRequest[] _refused = new LeaseRequest[1024];
    private ILayoutLease[] _leases = [];
    private int _next;

    /// <summary>How many leases there are on the file, each on a range of its own.</summary>
    [Params(64, 65_536)]
    public int Leases { get; set; }

    /// <summary>Takes the leases; the requests are spread over the whole file.</summary>
    [GlobalSetup]
    public void Setup()
    {
        FileId file = new(1, 2, 3);
        _leases = [.. Enumerable.Range(0, Leases).Select(i =>
            _coordinator.Acquire(new LeaseRequest { File = file, Owner = _owner, Range = new FileRange((long)i * Spacing, Spacing / 2) }))];
        Random random = new(1);
        object other = new();
        for (int i = 0; i < _between.Length; i++)
        {
            long at = (long)random.Next(Leases) * Spacing;
            _between[i] = new BreakRequest
            {
                File = file,
                Owner = other,
                Operation = LayoutOperation.Write,
                Range = new FileRange(at + (Spacing / 2), 8),
                Breaker = "benchmark",
            };
            _refused[i] = new LeaseRequest
            {
                File = file,
                Owner = other,
                Mode = LeaseMode.Exclusive,
                Range = new FileRange(at + (Spacing / 2), 8)
            };
        }
    }

    /// <summary>Lets go.</summary>
    [GlobalCleanup]
    public void Cleanup() => Array.ForEach(_leases, lease => lease.Dispose());

    /// <summary>A breaker that finds no lease in its way.</summary>
    [Benchmark, BenchmarkCategory("Lease")]
    public void BreakBetweenLeases() => _coordinator.Break(_between[_next++ & 1023]).Dispose();

    /// <summary>An exclusive lease beside the others.</summary>
    [Benchmark, BenchmarkCategory("Lease")]
    public void ExclusiveLeaseBetweenLeases() => _coordinator.Acquire(_refused[_next++ & 1023]).Dispose();
}
