using DirectMap.Configuration;
using DirectMap.Layout;
using DirectMap.Mapping;
using DirectMap.Regions;
using DirectMap.Telemetry;

namespace DirectMap.Files;

/// <summary>
/// How one file is mapped, as its user asks for it: what can be said before is checked, and who watches is told of a refusal. What makes
/// the region is <see cref="RegionMaker"/>. Safe for any thread.
/// </summary>
internal sealed class FileMapper
{
    private readonly OwnedFile _own;
    private readonly RegionMaker _regions;
    private readonly FileEvents _events;

    internal FileMapper(OwnedFile own, OpenedAs opened, DirectFileOptions options, FileConfiguration configuration)
    {
        _own = own;
        _events = configuration.Events;
        ExtentJudge judge = new(options.FaultPolicy ?? configuration.FaultPolicy, options.BlockMap);
        _regions = new RegionMaker(own.Path, own.Reference, own.Owner, opened, judge, _events);
    }

    /// <inheritdoc cref="DirectFile.Map"/>
    internal MappedRegion Map(MapOptions options)
    {
        ThrowIfCannotMap(options);
        try
        {
            _regions.ThrowIfTooManyMapped();
            return _regions.Map(options);
        }
        catch (MapRefusedException refusal)
        {
            _events.MapRefused(refusal);
            throw;
        }
    }

    /// <inheritdoc cref="DirectFile.MapAsync"/>
    internal ValueTask<MappedRegion> MapAsync(MapOptions options, CancellationToken cancellationToken)
    {
        ThrowIfCannotMap(options);
        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<MappedRegion>(cancellationToken)
            : MapCheckedAsync(options, cancellationToken);
    }

    private async ValueTask<MappedRegion> MapCheckedAsync(MapOptions options, CancellationToken cancellationToken)
    {
        try
        {
            _regions.ThrowIfTooManyMapped();
            return await _regions.MapAsync(options, cancellationToken).ConfigureAwait(false);
        }
        catch (MapRefusedException refusal)
        {
            _events.MapRefused(refusal);
            throw;
        }
    }

    /// <inheritdoc cref="DirectFile.Probe"/>
    internal MapProbe Probe(MapOptions options)
    {
        ThrowIfCannotMap(options);
        try
        {
            _regions.ThrowIfTooManyMapped(); // An answer, as every other IOException.

            // Nobody is told of a break of a region that the user never had.
            _regions.Map(options with { OnBreak = null, OnBreakAsync = null, OnTrespass = null }, isTrial: true).Dispose();
            return new MapProbe(refusal: null);
        }
        catch (Exception refusal) when (refusal is MapRefusedException or UnauthorizedAccessException or IOException)
        {
            return new MapProbe(refusal);
        }
    }

    /// <summary>What can be said at the call.</summary>
    internal void ThrowIfCannotMap(MapOptions options)
    {
        RegionMaker.ThrowIfInvalid(options);
        _own.ThrowIfClosed();
        RegionMaker.ThrowIfTooManyReplaced();
    }
}
