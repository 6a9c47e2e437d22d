using System.Diagnostics;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Telemetry;

/// <summary>Loggers and listeners that throw whenever they are called: files and regions go on as if they were not there.</summary>
public sealed class ThrowingFileWatcherTests : FileTelemetryTest
{
    private readonly RecordedActivities _activities = new() { AtStart = Throw, AtStop = Throw };

    public ThrowingFileWatcherTests()
    {
        Logs = new RecordedLogs { Afterwards = Throw };
        Measurements = new RecordedMeasurements { Afterwards = Throw };
    }

    [Fact]
    public void A_file_and_its_region_work_and_let_go_of_all_they_had()
    {
        using (DirectFile file = CreateWatched())
        using (MappedRegion region = file.Map(MapOptions.DirectOrEmulated))
        {
            region.Write(0, 42L);
            region.Persist();
        }

        Assert.Empty(Coordinator.Snapshot().Leases);
        Assert.Equal((1, 1, 1), (Logs.Count(40), Logs.Count(20), Logs.Count(21)));
        Assert.Single(Measurements.Of("directmap.persist.io"));
        Assert.Single(Measurements.Of("directmap.persist.duration"));
    }

    [Fact]
    public void A_fault_is_the_fault()
    {
        using DirectFile file = CreateWatched();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Revoke(region);

        Assert.Equal(FaultCause.Revoked, Assert.Throws<MappingFaultException>(() => region.Read<long>(0)).Cause);
        Assert.Equal(FaultCause.Revoked, Assert.Throws<MappingFaultException>(region.Persist).Cause);
    }

    [Fact]
    public void A_refusal_is_the_refusal_and_keeps_nothing()
    {
        using DirectFile file = OpenSparse(64 << 10);

        Assert.Equal(RefusalReason.Hole, Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.DirectOrEmulated)).Reason);

        Assert.Empty(Coordinator.Snapshot().Leases);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_preparation_is_made_and_the_caller_has_its_activity_back(bool isAsync)
    {
        using DirectFile file = OpenSparse(64 << 10);

        PrepareReport report = isAsync ? await file.PrepareAsync() : file.Prepare();

        Assert.Equal(64 << 10, report.Allocated);
        Assert.Same(_activities.Caller, Activity.Current);
        file.Map(MapOptions.DirectOrEmulated).Dispose();
        Assert.Empty(Coordinator.Snapshot().Breakers);
    }

    public override void Dispose()
    {
        _activities.Dispose();
        base.Dispose();
    }

    private static void Throw() => throw new NotSupportedException("a watcher that does not work");

    [Fact]
    public void A_listener_that_throws_when_it_is_offered_the_activity_source_gets_none_and_nobody_loses_a_right()
    {
        ChildProcess.Result result = ChildProcess.Run(Children.TelemetryCases.ThrowingActivityListener, Folder.Path);

        Assert.True(result.ExitCode == 0, result.ToString());
    }
}
