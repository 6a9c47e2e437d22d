namespace DirectMap.Pipelines;

/// <content>How a writer is made that lets go at a break.</content>
internal sealed partial class FilePipeWriter
{
    /// <inheritdoc cref="Create"/>
    internal static ValueTask<RegionWriter> CreateAsync(
        DirectFile file, MapOptions map, long start, RegionWriterOptions options, CancellationToken cancellationToken)
    {
        file.ThrowIfCannotMap(map);
        return CreateCheckedAsync(file, map, start, options, cancellationToken);
    }

    private static async ValueTask<RegionWriter> CreateCheckedAsync(
        DirectFile file, MapOptions map, long start, RegionWriterOptions options, CancellationToken cancellationToken)
    {
        Making making = new(map);
        return making.Finish(file, await MapAsync(file, making.Map, cancellationToken).ConfigureAwait(false), start, options);
    }

    /// <summary>A break may begin before there is a writer to be told.</summary>
    private sealed class Making
    {
        private volatile FilePipeWriter? _writer;

        internal Making(MapOptions map)
        {
            // Two delegates, and not one that calls the other: each of the user's is called, whatever another one throws.
            Action<MappedRegion, LeaseBreak> own = (region, _) => _writer?.BreakBegan(region);
            Map = map with { OnBreak = own + map.OnBreak };
        }

        internal MapOptions Map { get; }

        internal FilePipeWriter Finish(DirectFile file, MappedRegion region, long offset, RegionWriterOptions options)
        {
            if (offset > region.Length || region.Access == MappingAccess.Read)
            {
                region.Dispose();
                throw region.Access == MappingAccess.Read
                    ? new NotSupportedException($"The region of '{region.Path}' is mapped for reading only.")
                    : new ArgumentOutOfRangeException(nameof(offset), offset, $"The region of '{region.Path}' has {region.Length} bytes.");
            }

            FileRange mapped = new(region.FileOffset, region.Length);
            FilePipeWriter writer = new(
                file, Map with { Range = mapped, WhenUnavailable = WhenUnavailable.Wait }, region, offset, options);
            _writer = writer;
            Interlocked.MemoryBarrier(); // A break is set, and then the writer looked for: one of both looks finds it.
            if (region.Core.Lease.CurrentBreak is not null)
            {
                writer.BreakBegan(region);
            }

            return writer;
        }
    }
}
