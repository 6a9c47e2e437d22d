using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Telemetry;

/// <summary>The base of tests of what files and regions tell those who watch: real files, under a configuration called "orders".</summary>
public abstract class FileTelemetryTest : FileTest
{
    private DirectFileFactory? _factory;

    internal RecordedLogs Logs { get; init; } = new();

    internal RecordedMeasurements Measurements { get; init; } = new();

    internal DirectFileFactory Factory => _factory ??= new DirectFileFactory(
        new DirectMapOptions { Name = "orders", LoggerFactory = Logs, MeterFactory = Measurements }, Coordinator);

    internal DirectFile CreateWatched(long length = 64 << 10, string name = "file.pmem") => Factory.Create(Folder.File(name), length);

    internal DirectFile OpenWatched(string name = "file.pmem", DirectFileOptions? options = null) =>
        Factory.Open(Folder.File(name), options);

    /// <summary>A file with a hole, open.</summary>
    internal DirectFile OpenSparse(long length)
    {
        using (FileStream stream = File.Create(Folder.File("sparse")))
        {
            stream.SetLength(length);
        }

        return OpenWatched("sparse");
    }

    /// <summary>Breaks the region's lease and lets its deadline pass.</summary>
    internal void Revoke(MappedRegion region)
    {
        using DirectFile other = OpenWatched();
        Assert.Throws<LeaseConflictException>(() => other.Write([1], 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        PassDeadline();
        Soon.Until(() => region.State == RegionState.Revoked, "the region is revoked");
        other.Write([1], 0);
    }

    public override void Dispose()
    {
        Measurements.Dispose();
        base.Dispose();
    }
}
