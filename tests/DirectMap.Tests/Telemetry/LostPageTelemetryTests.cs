using DirectMap.Tests.Infrastructure;
using Microsoft.Extensions.Logging;

namespace DirectMap.Tests.Telemetry;

/// <summary>Lost pages, as those who watch are told of them.</summary>
public sealed class LostPageTelemetryTests : FileTelemetryTest
{
    public LostPageTelemetryTests() => LossTest.NeedNative(this);

    [Fact]
    public void Every_access_that_meets_a_lost_page_is_counted_and_the_first_of_a_cause_is_logged()
    {
        using DirectFile file = CreateWatched();
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        LossTest.SetLengthOutside(file.Path, PageSize);

        Assert.Throws<MappingFaultException>(() => region.Read<long>(5 * PageSize));
        Assert.Throws<MappingFaultException>(() => region.Write(0, 1L));
        Assert.Throws<MappingFaultException>(() => region.CopyTo(0, new byte[8]));
        Assert.Throws<MappingFaultException>(() => region.GetMemory(0, 8));
        Assert.Throws<MappingFaultException>(region.Persist);

        Assert.Equal(
            Enumerable.Repeat("beyond_end_of_file", 5), Measurements.Of("directmap.faults").Select(fault => fault["directmap.cause"]));
        RecordedLogs.Entry entry = Logs.Single(23);
        Assert.Equal(
            (LogLevel.Warning, FaultCause.BeyondEndOfFile, FaultAccess.Read, new FileRange(5 * PageSize, 8)),
            (entry.Level, entry.Values["Cause"], entry.Values["Access"], entry.Values["Range"]));
        Assert.Contains($"met bytes {new FileRange(5 * PageSize, PageSize)}", entry.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_restoration_that_is_refused_where_accesses_are_judged_is_counted()
    {
        using DirectFile file = CreateWatched();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { PolicyCheck = PolicyCheck.AtAccess });
        region.Write(5 * PageSize, 1L);
        LossTest.SetLengthOutside(file.Path, PageSize);
        Assert.Throws<MappingFaultException>(() => region.Read<long>(5 * PageSize));
        LossTest.SetLengthOutside(file.Path, 64 << 10);

        Assert.Throws<MappingFaultException>(() => region.RestoreLostPages());

        Assert.Equal(["beyond_end_of_file", "refused"], Measurements.Of("directmap.faults").Select(fault => fault["directmap.cause"]));
        Assert.Equal(2, Logs.Count(23));
    }

    [Theory]
    [InlineData(FaultCause.BadBlock, "bad_block")]
    [InlineData(FaultCause.NoSpace, "no_space")]
    [InlineData(FaultCause.Unknown, "unknown")]
    public void Causes_that_need_a_failing_disk_have_their_tags_too(FaultCause cause, string tag)
    {
        using DirectFile file = CreateWatched();
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        MappingFaultException fault = new()
        {
            Path = file.Path,
            Cause = cause,
            Access = FaultAccess.Read,
            Range = new FileRange(0, 8),
            Lost = new FileRange(0, PageSize),
        };

        Assert.Same(fault, region.Core.Events.Faulted(fault));
        region.Core.Events.Faulted(fault);

        Assert.Equal([tag, tag], Measurements.Of("directmap.faults").Select(measured => measured["directmap.cause"]));
        Assert.Equal(cause, Logs.Single(23).Values["Cause"]);
    }

    [Fact]
    public void A_region_that_lost_pages_is_released_as_any_other()
    {
        using DirectFile file = CreateWatched();
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        LossTest.SetLengthOutside(file.Path, PageSize);
        Assert.Throws<MappingFaultException>(() => region.Read<long>(5 * PageSize));

        region.Dispose();

        Assert.Equal(LogLevel.Debug, Logs.Single(21).Level);
    }
}
