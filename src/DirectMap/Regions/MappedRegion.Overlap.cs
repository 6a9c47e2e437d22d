using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DirectMap.Regions;

namespace DirectMap;

/// <content>
/// Copies whose other side is memory of the same file. Whether they overlap is a matter of the file's bytes: another region has the same
/// ones at other addresses. Then the copy goes piece by piece through a buffer, from the end that does not overwrite what is still to be
/// read: no copy of addresses, in whatever direction, knows that what it stores is what it has still to load.
/// </content>
public sealed unsafe partial class MappedRegion
{
    /// <summary>
    /// Where memory begins in the region, if it has bytes in common with as many at <paramref name="offset"/> (a scope's span, say); or -1.
    /// </summary>
    private long OverlapOf(ReadOnlySpan<byte> memory, long offset)
    {
        long at = AddressOf(memory) - _start;
        return at >= 0 && at < _length && Math.Abs(at - offset) < memory.Length ? at : -1;
    }

    /// <summary>
    /// Where memory of another region begins in the file, if it has bytes in common with as many at <paramref name="offset"/> of this
    /// region; or -1.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long FileOffsetOfOther(ReadOnlySpan<byte> memory, long offset) =>
        _addresses.MayHave(AddressOf(memory)) ? LookUpOther(memory, offset) : -1;

    private long LookUpOther(ReadOnlySpan<byte> memory, long offset)
    {
        byte* address = AddressOf(memory);
        long at = address >= _start && address < _start + _length ? -1 : _addresses.OffsetOf(address);
        return at >= 0 && Math.Abs(at - (FileOffset + offset)) < memory.Length ? at : -1;
    }

    /// <summary>An address that is only compared: what the collector moves is in no mapping, before or after.</summary>
    private static byte* AddressOf(ReadOnlySpan<byte> memory) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(memory));

    /// <summary>
    /// Bytes that are still the same when they have been stored at <paramref name="offset"/>: a copy of them, where they have some in
    /// common with what is there.
    /// </summary>
    /// <param name="source">The bytes.</param>
    /// <param name="offset">Where they go.</param>
    /// <param name="isToOutlive">Whether they are to be the same also when the file's mappings are gone: then all that are the file's own
    /// are copied.</param>
    /// <exception cref="IOException">They are another region's, and cannot be read (only where there is no fault handler).</exception>
    internal ReadOnlySpan<byte> Apart(ReadOnlySpan<byte> source, long offset, bool isToOutlive)
    {
        byte* address = AddressOf(source);
        if (!_addresses.MayHave(address)
            || (isToOutlive ? _addresses.OffsetOf(address) < 0 : OverlapOf(source, offset) < 0 && LookUpOther(source, offset) < 0))
        {
            return source;
        }

        byte[] copy = GC.AllocateUninitializedArray<byte>(source.Length);
        CopyOther(source, copy, isOtherRead: true);
        return copy;
    }

    private void CopyToOther(long offset, Span<byte> destination, long toInFile)
    {
        bool isUp = toInFile <= FileOffset + offset;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Min(destination.Length, PieceSize));
        try
        {
            for (int done = 0, piece; done < destination.Length; done += piece)
            {
                piece = Math.Min(destination.Length - done, buffer.Length);
                int at = isUp ? done : destination.Length - done - piece;
                CopyTo(offset + at, buffer.AsSpan(0, piece));
                CopyOther(buffer.AsSpan(0, piece), destination.Slice(at, piece), isOtherRead: false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void CopyFromOther(long offset, ReadOnlySpan<byte> source, long fromInFile)
    {
        bool isUp = FileOffset + offset <= fromInFile;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Min(source.Length, PieceSize));
        try
        {
            for (int done = 0, piece; done < source.Length; done += piece)
            {
                piece = Math.Min(source.Length - done, buffer.Length);
                int at = isUp ? done : source.Length - done - piece;
                CopyOther(source.Slice(at, piece), buffer.AsSpan(0, piece), isOtherRead: true);
                CopyFrom(offset + at, buffer.AsSpan(0, piece));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// The step between a buffer and memory of another region: where there is no fault handler, with an error number in place of a signal.
    /// </summary>
    private void CopyOther(ReadOnlySpan<byte> from, Span<byte> to, bool isOtherRead)
    {
        if (!_core.CopiesBySystemCall)
        {
            from.CopyTo(to);
            return;
        }

        SystemCallCopy.Apart(Path, from, to, isOtherRead);
    }
}
