using System.Diagnostics;
using DirectMap.Backings;
using DirectMap.Inodes;
using DirectMap.Tests.Infrastructure;
using Microsoft.Extensions.Logging;

namespace DirectMap.Tests.Telemetry;

public sealed class FileLogTests : FileTelemetryTest
{
    [Fact]
    public void A_file_that_was_created_and_a_region_that_came_and_went_are_logged()
    {
        using DirectFile file = CreateWatched();
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Dispose();
        region.Dispose();

        RecordedLogs.Entry created = Logs.Single(40);
        RecordedLogs.Entry mapped = Logs.Single(20);
        RecordedLogs.Entry released = Logs.Single(21);
        Assert.Equal(
            ("DirectMap.Files", LogLevel.Debug, file.Path, 64L << 10),
            (created.Category, created.Level, created.Values["Path"], created.Values["Length"]));
        Assert.Equal(
            ("DirectMap.Regions", LogLevel.Debug, file.Path, true),
            (mapped.Category, mapped.Level, mapped.Values["Path"], mapped.Values["IsDirect"]));
        Assert.Equal((LogLevel.Debug, new FileRange(0, 64 << 10)), (released.Level, released.Values["Range"]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_refused_mapping_is_logged_with_its_reason(bool isAsync)
    {
        using DirectFile file = OpenSparse(64 << 10);

        _ = isAsync
            ? await Assert.ThrowsAsync<MapRefusedException>(async () => await file.MapAsync(MapOptions.DirectOrEmulated))
            : Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.DirectOrEmulated));

        RecordedLogs.Entry entry = Logs.Single(22);
        Assert.Equal((LogLevel.Information, RefusalReason.Hole, file.Path), (entry.Level, entry.Values["Reason"], entry.Values["Path"]));
        Assert.Equal(0, Logs.Count(20));
    }

    [Fact]
    public void Faults_of_a_cause_are_a_warning_once_for_each_region()
    {
        using DirectFile file = CreateWatched();
        using MappedRegion one = file.Map(MapOptions.DirectOrEmulated);
        using MappedRegion two = file.Map(MapOptions.DirectOrEmulated);
        Revoke(one);

        Assert.Throws<MappingFaultException>(() => one.Read<long>(8));
        Assert.Throws<MappingFaultException>(() => one.Write(8, 1L));
        RecordedLogs.Entry entry = Logs.Single(23);
        Assert.Equal(
            (LogLevel.Warning, FaultCause.Revoked, FaultAccess.Read, new FileRange(8, 8)),
            (entry.Level, entry.Values["Cause"], entry.Values["Access"], entry.Values["Range"]));

        Assert.Throws<MappingFaultException>(() => two.Read<long>(8));
        Assert.Equal(2, Logs.Count(23));
    }

    [Fact]
    public void Another_cause_in_the_same_region_is_another_warning()
    {
        using DirectFile file = CreateWatched();
        using MappedRegion region = file.Map(MapOptions.Ordinary with { PolicyCheck = PolicyCheck.AtAccess });
        using DirectFile other = OpenWatched();
        other.SetLength(PageSize);

        Assert.Throws<MappingFaultException>(() => region.Read<long>(8 << 10));
        Assert.Throws<MappingFaultException>(() => region.Persist(8 << 10, 8));
        other.SetLength(64 << 10);
        using ILayoutLease lease = other.AcquireLease();
        Assert.Throws<MappingFaultException>(() => region.Write(8 << 10, 1L));

        FaultCause[] causes = [.. Logs.Entries.Where(entry => entry.Id.Id == 23).Select(entry => (FaultCause)entry.Values["Cause"]!)];
        Assert.Equal([FaultCause.BeyondEndOfFile, FaultCause.LayoutLeased], causes);
    }

    [Fact]
    public void A_region_that_could_not_be_cut_off_the_file_is_an_error()
    {
        using DirectFile file = Factory.Create(
            Folder.File("portable"), 64 << 10, new DirectFileOptions { Backing = FileBackingKind.Portable });
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        RegionScope scope = region.OpenScope(0, 8);

        region.Dispose(); // this backing has to wait for the scope

        Assert.Equal((LogLevel.Error, 0), (Logs.Single(24).Level, Logs.Count(21)));
        scope.Dispose();
        Assert.Equal(1, Logs.Count(21));
    }

    [Fact]
    public void A_writeback_failure_is_an_error_once_for_each_who_is_told()
    {
        using DirectFile file = CreateWatched();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using InodeReference inode = LinuxBacking.Instance.Open(file.Path, FileAccess.ReadWrite, new FileBinding(Coordinator, "the test"));
        inode.Inode.EndSync(inode.Inode.Syncs.Begin(), 5); // EIO

        Assert.Throws<WritebackFailureException>(() => region.Persist(0, 8));
        Assert.Throws<WritebackFailureException>(() => region.Persist(0, 8));
        RecordedLogs.Entry entry = Logs.Single(41);
        Assert.Equal(("DirectMap.Files", LogLevel.Error, file.Path), (entry.Category, entry.Level, entry.Values["Path"]));
        Assert.Contains("EIO", entry.Message, StringComparison.Ordinal);

        Assert.Throws<WritebackFailureException>(file.Flush);
        Assert.Equal(2, Logs.Count(41));
        file.AcknowledgeWritebackFailure(file.WritebackFailure!);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_preparation_is_logged_with_what_was_done(bool isAsync)
    {
        using DirectFile file = OpenSparse(1 << 20);

        _ = isAsync ? await file.PrepareAsync() : file.Prepare();

        RecordedLogs.Entry entry = Logs.Single(42);
        Assert.Equal(
            (LogLevel.Information, file.Path, 1L << 20, 0L),
            (entry.Level, entry.Values["Path"], entry.Values["Allocated"], entry.Values["Converted"]));
    }

    [Fact]
    public async Task A_preparation_that_fails_is_a_warning()
    {
        using DirectFile file = OpenSparse(1 << 20);
        PrepareOptions tooFar = new() { Range = new FileRange(0, 2 << 20) };

        ArgumentOutOfRangeException exception = Assert.Throws<ArgumentOutOfRangeException>(() => file.Prepare(tooFar));
        Assert.Equal((LogLevel.Warning, exception), (Logs.Single(43).Level, Logs.Single(43).Exception));

        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = file.PrepareAsync(tooFar); });
        Assert.Equal(1, Logs.Count(43)); // It was told at the call, and nothing was begun.
        PrepareOptions wanted = new() { Progress = new Failing() };
        Task failed = file.PrepareAsync(wanted);
        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => failed);
        Assert.Equal(2, Logs.Count(43));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_preparation_is_an_activity_with_its_figures_and_its_wait_for_holders_a_child_of_it(bool isAsync)
    {
        using RecordedActivities activities = new();
        using DirectFile file = OpenSparse(1 << 20);
        using DirectFile holder = OpenWatched("sparse");
        ILayoutLease lease = holder.AcquireLease();
        Coordinator.AtStep = (step, _) =>
        {
            if (step == DirectMap.Leases.LeaseStep.Waiting)
            {
                lease.Dispose();
            }
        };

        Task<PrepareReport> preparing = isAsync ? file.PrepareAsync() : Task.FromResult(file.Prepare());
        Assert.Same(activities.Caller, Activity.Current);
        await preparing;
        Assert.Same(activities.Caller, Activity.Current);

        Activity prepare = activities.Single("directmap.prepare");
        Assert.Same(activities.Caller, prepare.Parent);
        Assert.Equal(
            (file.Path, "orders", 0L, 1L << 20, 1L << 20, 0L, 0L, 0L),
            (
                prepare.GetTagItem("file.path"),
                prepare.GetTagItem("directmap.configuration"),
                prepare.GetTagItem("directmap.range.offset"),
                prepare.GetTagItem("directmap.range.length"),
                prepare.GetTagItem("directmap.prepare.allocated"),
                prepare.GetTagItem("directmap.prepare.converted"),
                prepare.GetTagItem("directmap.prepare.unshared"),
                prepare.GetTagItem("directmap.prepare.relocated")));
        Assert.Null(prepare.GetTagItem("error.type"));
        Assert.Equal(prepare.SpanId, activities.Single("directmap.break").ParentSpanId);
    }

    [Fact]
    public void A_preparation_that_fails_is_an_activity_with_an_error()
    {
        using RecordedActivities activities = new();
        using DirectFile file = OpenSparse(1 << 20);

        ArgumentOutOfRangeException exception = Assert.Throws<ArgumentOutOfRangeException>(() =>
            file.Prepare(new PrepareOptions { Range = new FileRange(0, 2 << 20) }));

        Activity prepare = activities.Single("directmap.prepare");
        Assert.Equal((ActivityStatusCode.Error, exception.Message), (prepare.Status, prepare.StatusDescription));
        Assert.Equal(exception.GetType().FullName, prepare.GetTagItem("error.type"));
        Assert.Same(activities.Caller, Activity.Current);
    }

    private sealed class Failing : IProgress<PrepareProgress>
    {
        public void Report(PrepareProgress value) => throw new InvalidTimeZoneException();
    }
}
