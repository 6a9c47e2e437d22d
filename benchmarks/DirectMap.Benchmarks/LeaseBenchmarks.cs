using BenchmarkDotNet.Attributes;
using DirectMap.FileSystems;

namespace DirectMap.Benchmarks;

/// <summary>
/// What a lease costs that nobody wants to break, beside the least that any shared state costs: an interlocked pair. Target: at most 5
/// times that, and 256 bytes.
/// </summary>
public class LeaseBenchmarks
{
    private readonly LeaseCoordinator _coordinator = new();
    private readonly LeaseRequest _request = new() { File = new FileId(1, 2, 3), Owner = new object() };
    private long _count;

    [Benchmark(Baseline = true), BenchmarkCategory("Lease")]
    public void InterlockedPair()
    {
        Interlocked.Increment(ref _count);
        Interlocked.Decrement(ref _count);
    }

    [Benchmark, BenchmarkCategory("Lease")]
    public void AcquireAndRelease() => _coordinator.Acquire(_request).Dispose();
}
