using System.Diagnostics.Metrics;
using BenchmarkDotNet.Attributes;
using DirectMap.Benchmarks.Infrastructure;
using DirectMap.FileSystems;

namespace DirectMap.Benchmarks;

/// <summary>
/// What measuring costs: a lease that nobody breaks, and a persist of 8 bytes of a file in memory (the cheapest there is), while nobody
/// listens to the meter and while somebody does.
/// </summary>
public class TelemetryBenchmarks
{
    private readonly LeaseCoordinator _coordinator = new();
    private readonly LeaseRequest _request = new() { File = new FileId(1, 2, 3), Owner = new object() };
    private readonly string _path = Folders.NewPath(FileSystemKind.Tmpfs);
    private MeterListener? _listener;
    private DirectFile? _file;
    private MappedRegion? _region;
    private long _measured;

    [Params(false, true)]
    public bool Listening { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _file = DirectFile.Create(_path, 1 << 16);
        _region = _file.Map(MapOptions.DirectOrEmulated);
        _listener = Listening ? Listen() : null;
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _listener?.Dispose();
        _region!.Dispose();
        _file!.Dispose();
        File.Delete(_path);
    }

    [Benchmark, BenchmarkCategory("Telemetry")]
    public void AcquireAndRelease() => _coordinator.Acquire(_request).Dispose();

    [Benchmark, BenchmarkCategory("Telemetry")]
    public void Persist8Bytes() => _region!.Persist(0, 8);

    private MeterListener Listen()
    {
        MeterListener listener = new()
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == "DirectMap")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => _measured++);
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => _measured++);
        listener.Start();
        return listener;
    }
}
