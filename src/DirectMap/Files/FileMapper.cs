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

    internal FileMapper(OwnedFile own, DirectFileOptions options, FileConfiguration configuration)
    {
        _own = own;
        _events = configuration.Events;
        OpenedAs opened = new(options.Access, options.LeasesWithoutOwnership);
        ExtentJudge judge = new(options.FaultPolicy ?? configuration.FaultPolicy, options.BlockMap);
        _regions = new RegionMaker(own.Path, own.Reference, own.Owner, opened, judge, _events);
    }

    /// <inheritdoc cref="DirectFile.Map"/>
    internal MappedRegion Map(MapOptions options)
    {
        ThrowIfCannotMap(options);
        try
        {
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
        return LogRefusalAsync(_regions.MapAsync(options, cancellationToken), _events);

        static async ValueTask<MappedRegion> LogRefusalAsync(ValueTask<MappedRegion> mapping, FileEvents events)
        {
            try
            {
                return await mapping.ConfigureAwait(false);
            }
            catch (MapRefusedException refusal)
            {
                events.MapRefused(refusal);
                throw;
            }
        }
    }

    /// <inheritdoc cref="DirectFile.ThrowIfUnmappable"/>
    internal void ThrowIfUnmappable(MapOptions options)
    {
        ThrowIfCannotMap(options);
        _regions.Map(options, isTrial: true).Dispose();
    }

    private void ThrowIfCannotMap(MapOptions options)
    {
        RegionMaker.ThrowIfInvalid(options);
        _own.ThrowIfClosed();
        _regions.ThrowIfTooMany();
    }
}
