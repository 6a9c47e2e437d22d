using DirectMap.Regions;

namespace DirectMap;

/// <content>Words on which others sleep, for the logs that lie in regions.</content>
public sealed unsafe partial class MappedRegion
{
    /// <summary>A word of 4 bytes to sleep on, and by which sleepers are woken. It outlives the region.</summary>
    /// <param name="offset">Its first byte; 0 to <see cref="Length"/> - 4, a multiple of 4.</param>
    /// <returns>What to dispose in the end.</returns>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    internal SharedWord OpenWord(long offset) => _core.OpenWord(FileOffset + offset);

    /// <summary>
    /// Whether somebody has the right to append to a part of the region (<see cref="TryClaimAppender"/>); null where only this process
    /// could be asked, and does not.
    /// </summary>
    /// <param name="offset">First byte; 0 or more.</param>
    /// <param name="length">Length in bytes; 1 or more.</param>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    internal bool? IsAppended(long offset, long length) => _core.IsAppended(new FileRange(FileOffset + offset, length));
}
