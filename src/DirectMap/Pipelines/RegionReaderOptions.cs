namespace DirectMap;

/// <summary>How a region is read through a <see cref="System.IO.Pipelines.PipeReader"/>.</summary>
/// <remarks>It is immutable: <c>with</c> changes a copy.</remarks>
public sealed record RegionReaderOptions
{
    /// <summary>The default.</summary>
    public static RegionReaderOptions Default { get; } = new();

    /// <summary>How many bytes a read hands out beyond those that were examined; 1 or more, 1 MiB by default.</summary>
    /// <remarks>
    /// Nothing is copied or allocated for them, so it says in which portions a consumer that takes all it gets goes on, and is told of
    /// faults. A number as large as the range hands out all at once, as
    /// <see cref="System.IO.Pipelines.PipeReader.Create(System.Buffers.ReadOnlySequence{byte})"/> does.
    /// </remarks>
    public long BufferSize { get; init; } = 1 << 20;
}
