using DirectMap.Inodes;

namespace DirectMap;

/// <content>The right to append, for the logs that lie in regions.</content>
public sealed unsafe partial class MappedRegion
{
    /// <summary>
    /// Takes the right to be the only one who appends to a part of the region, in any process that maps the file on the Linux backing, in
    /// this process on the portable one. It is the file's, and outlives the region.
    /// </summary>
    /// <param name="offset">First byte, from the region's on; 0 or more.</param>
    /// <param name="length">Length in bytes; 1 or more.</param>
    /// <param name="holder">Who wants it, in words.</param>
    /// <param name="claim">What to dispose in the end; null with an error number.</param>
    /// <param name="otherHolder">With EAGAIN, who has it; null where that is another process, which cannot be named.</param>
    /// <inheritdoc cref="AppenderClaim.TryTake" path="/returns"/>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    internal int TryClaimAppender(long offset, long length, string holder, out IDisposable? claim, out string? otherHolder) =>
        _core.TryClaimAppender(new FileRange(FileOffset + offset, length), holder, out claim, out otherHolder);

    /// <summary>
    /// Whether a claim is in force, and to exactly these bytes of the region's file, whichever region it was taken through.
    /// </summary>
    /// <param name="claim">What <see cref="TryClaimAppender"/> gave.</param>
    /// <param name="offset">First byte, from the region's on.</param>
    /// <param name="length">Length in bytes.</param>
    internal bool IsClaimedBy(IDisposable claim, long offset, long length) =>
        _core.IsClaimedBy(claim, new FileRange(FileOffset + offset, length));
}
