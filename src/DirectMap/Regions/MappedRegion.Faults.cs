namespace DirectMap;

/// <content>Pages that were lost: what contains the fault, which they are, how they come back.</content>
public sealed unsafe partial class MappedRegion
{
    /// <summary>
    /// The bytes of the file whose pages were lost in this mapping and have not come back: the kernel could not provide them when they were
    /// accessed.
    /// </summary>
    /// <remarks>
    /// Pages that nobody has accessed since are not among them. The list is empty after the region was disposed or revoked.
    /// </remarks>
    /// <returns>Ranges in the file, in order; each begins on a page boundary.</returns>
    public IReadOnlyList<FileRange> GetLostRanges() => _core.LostRanges();

    /// <summary>
    /// Maps the file again where pages were lost, after the cause was mended: the file has its length again, the disk has room.
    /// </summary>
    /// <remarks>
    /// It asks the kernel for each of them (MADV_POPULATE_WRITE, or _READ for a read-only region), without storing anything; so where the
    /// file has holes now, blocks are allocated. In a direct mapping the fault policy judges the pages anew, before. What was stored to a
    /// lost page is gone; the pages show what the file has. Pages that were only taken along, when a whole region was lost at once, are
    /// mapped again without being asked for.
    /// <para>Accesses that began before it returns may still throw for pages that come back. So do scopes, memory and sequences that were
    /// opened before and touched one: open them anew. Each successful call keeps 64 bytes until the region is collected.</para>
    /// </remarks>
    /// <returns>What is lost all the same, as of <see cref="GetLostRanges"/>, without the reason, which the next access tells; empty when
    /// all came back. Where a fault reaches the region, it is usable again only then.</returns>
    /// <exception cref="MapRefusedException">The file is not any more what the policy allows to be mapped directly (it was truncated and
    /// has holes now, say): prepare it first (<see cref="DirectFile.Prepare"/>).</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, before or meanwhile. With <see cref="PolicyCheck.AtAccess"/> also:
    /// the pages were refused, or could not be made ready (<see cref="MappingFaultException.Cause"/>).</exception>
    /// <exception cref="IOException">The file could not be asked, or not be mapped.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed, before or meanwhile.</exception>
    public IReadOnlyList<FileRange> RestoreLostPages() => _core.Restore(this);

    /// <summary>Accesses that begin from now on believe the new word.</summary>
    internal void Publish(nint word) => Volatile.Write(ref _word, word);

    internal byte* AddressOf(long offset) => _start + offset;
}
