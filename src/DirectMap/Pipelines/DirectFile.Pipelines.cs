using DirectMap.Pipelines;
using DirectMap.Regions;

namespace DirectMap;

/// <content>Writers that map the file themselves.</content>
public sealed partial class DirectFile
{
    /// <summary>
    /// Writes a part of the file through a <see cref="System.IO.Pipelines.PipeWriter"/> that lets go when somebody wants the file, and goes
    /// on afterwards; the producer writes on meanwhile, and loses no byte.
    /// </summary>
    /// <remarks>
    /// What is written between two flushes is a record: the mapping is let go between records, with all of them durable. When a break
    /// begins, that is at once if no record has begun, and otherwise when the flush that ends it completes. Until the file is mapped anew
    /// the writer hands out ordinary memory; the next flush waits for that (it maps with <see cref="WhenUnavailable.Wait"/>), and stores
    /// the bytes there first.
    /// <para>If the deadline passes within a record, what was advanced of it is kept (a copy is made when the break begins), and is stored
    /// and made durable by the flush that ends it. Memory that was handed out before the deadline and is advanced after it cannot be kept:
    /// Advance throws <see cref="MappingFaultException"/> (<see cref="FaultCause.Revoked"/>) and takes nothing, and the writer goes on; so
    /// write those bytes again. If not even the copy could be made in time, the flush throws that, and all that follows.</para>
    /// <para>A flush that cannot map the file (it was truncated, say) throws what <see cref="MapAsync"/> throws, and keeps the bytes: the
    /// next one tries again.</para>
    /// </remarks>
    /// <param name="map">What to map, and how; a direct mapping. Its <see cref="MapOptions.OnBreak"/> is called after the writer has done
    /// what it does at once: to have the producer end its record, say.</param>
    /// <param name="offset">Where the first byte goes, in bytes from the region's first one; 0 to its length.</param>
    /// <param name="options">How to write; null for the defaults.</param>
    /// <returns>The writer. Complete it to let go: it holds a lease while it has a mapping. Keep this object open as long.</returns>
    /// <inheritdoc cref="Map"/>
    /// <exception cref="ArgumentException"><paramref name="map"/> is for an ordinary mapping, which has no lease to be let go
    /// (<see cref="MappedRegion.CreateWriter"/> writes one); or the offset of the mapping is not a multiple of the page size.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="map"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="offset"/> is negative or beyond the end of the region,
    /// <see cref="RegionWriterOptions.BufferSize"/> is less than 1, or <paramref name="map"/> is out of range.</exception>
    /// <exception cref="NotSupportedException">The file was opened, or is to be mapped, for reading only.</exception>
    public RegionWriter CreateWriter(MapOptions map, long offset = 0, RegionWriterOptions? options = null) =>
        FilePipeWriter.Create(this, map, offset, Check(map, offset, options));

    /// <remarks>
    /// <inheritdoc cref="CreateWriter(MapOptions, long, RegionWriterOptions)"/> The wait for a pending break
    /// (<see cref="WhenUnavailable.Wait"/>) does not hold a thread.
    /// </remarks>
    /// <inheritdoc cref="CreateWriter(MapOptions, long, RegionWriterOptions)"/>
    /// <param name="cancellationToken">Ends the wait for a pending break.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public ValueTask<RegionWriter> CreateWriterAsync(
        MapOptions map, long offset = 0, RegionWriterOptions? options = null, CancellationToken cancellationToken = default) =>
        FilePipeWriter.CreateAsync(this, map, offset, Check(map, offset, options), cancellationToken);

    private static RegionWriterOptions Check(MapOptions map, long offset, RegionWriterOptions? options)
    {
        ArgumentNullException.ThrowIfNull(map);
        options ??= RegionWriterOptions.Default;
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        Arguments.ThrowIfLessThanOne(options.BufferSize, $"{nameof(RegionWriterOptions)}.{nameof(RegionWriterOptions.BufferSize)}");
        return map.Mode != MapMode.Ordinary
            ? options
            : throw new ArgumentException("An ordinary mapping (MapMode.Ordinary) has no lease that could be let go.", nameof(map));
    }
}
