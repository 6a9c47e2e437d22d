using DirectMap.Linux;

namespace DirectMap.Mapping;

/// <summary>
/// A mapped range of a file, however it was mapped. Offsets and lengths are in bytes from its beginning, and lie within it as the
/// caller has made sure.
/// </summary>
internal abstract unsafe partial class MappedView : IDisposable
{
    private MappedAddresses? _addresses;

    /// <summary>The address of the range's first byte, until <see cref="Unmap"/>.</summary>
    internal abstract byte* Start { get; }

    /// <summary>Whether <see cref="Detach"/> takes the addresses away, so that nobody may be in the mapping at that time.</summary>
    internal abstract bool DetachUnmaps { get; }

    /// <summary>Why it is not mapped with MAP_SYNC, in words; null where it is.</summary>
    internal abstract string? SyncMissing { get; }

    /// <summary>Cuts the addresses off the file. When it returns, no store to them reaches the file.</summary>
    /// <exception cref="IOException">It could not; the file is still mapped, and a further call tries again.</exception>
    internal abstract void Detach();

    /// <summary>Tells the fault handler of the mapping; only where there is one.</summary>
    internal virtual ContainedRange? Contain(FaultHandler.StateBlock* state) => null;

    /// <summary>Enters the view among those of its inode, until its addresses go.</summary>
    /// <param name="addresses">Those of the inode.</param>
    /// <param name="range">The view's bytes in the file.</param>
    internal void EnterIn(MappedAddresses addresses, FileRange range)
    {
        addresses.Add(Start, range);
        _addresses = addresses;
    }

    /// <summary>Before the addresses go.</summary>
    protected void LeaveAddresses()
    {
        _addresses?.Remove(Start);
        _addresses = null;
    }

    /// <summary>Gives the address range back.</summary>
    internal abstract void Unmap();

    /// <summary>Makes the pages that hold some bytes durable (msync).</summary>
    /// <returns>0, or the error number.</returns>
    internal abstract int TrySync(long offset, long length);

    /// <summary>Makes the page faults of loads or stores to whole pages, and no store.</summary>
    /// <returns>0, or the error number.</returns>
    internal abstract int TryPopulate(long offset, long length, bool writing);

    public void Dispose() => Unmap();
}
