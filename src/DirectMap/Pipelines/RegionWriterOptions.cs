namespace DirectMap;

/// <summary>How a region is written through a <see cref="RegionWriter"/>.</summary>
/// <remarks>It is immutable: <c>with</c> changes a copy.</remarks>
public sealed record RegionWriterOptions
{
    /// <summary>The default.</summary>
    public static RegionWriterOptions Default { get; } = new();

    /// <summary>
    /// Whether a flush makes durable what was advanced, as <see cref="RegionFacts.Durability"/> says, before it completes (the default).
    /// </summary>
    /// <remarks>
    /// If not, it only confirms that the bytes are the file's, and <see cref="RegionWriter.DurablePosition"/> stays where it is: nobody
    /// knows when the kernel writes them.
    /// </remarks>
    public bool Durable { get; init; } = true;

    /// <summary>
    /// How much memory is handed out where no more is asked for, as far as there is that much; bytes, 1 or more, 1 MiB by default.
    /// </summary>
    /// <remarks>
    /// It is the file's own, so nothing is allocated for it; with <see cref="PolicyCheck.AtAccess"/> it is judged, and made ready, when it
    /// is handed out.
    /// </remarks>
    public long BufferSize { get; init; } = 1 << 20;
}
