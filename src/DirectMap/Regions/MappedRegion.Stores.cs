using System.Buffers;
using DirectMap.Regions;

namespace DirectMap;

/// <content>Copies, moves and fills that are durable when they return.</content>
public sealed unsafe partial class MappedRegion
{
    /// <summary>Copies bytes into the region and makes them durable (pmem2_get_memcpy_fn).</summary>
    /// <remarks>A word of 8 bytes at a multiple of 8 is stored as a whole or not at all.</remarks>
    /// <param name="offset">First byte; 0 to <see cref="Length"/> - <paramref name="source"/>'s length.</param>
    /// <param name="source">The bytes; they may overlap where they go (the span of a scope of this region, or of another one of the
    /// same file). When an exception is thrown, some of them may have reached the file.</param>
    /// <param name="flags">How to store, and what to leave to the caller.</param>
    /// <exception cref="ArgumentException">The flags contradict each other.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie within the region, or a flag is not known.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page. With
    /// <see cref="PolicyCheck.AtAccess"/> also: it was refused before it was made (<see cref="MappingFaultException.Cause"/>).</exception>
    /// <exception cref="WritebackFailureException">As with <see cref="Persist(long, long)"/>.</exception>
    /// <exception cref="IOException">With <see cref="PolicyCheck.AtAccess"/>: the block map could not be read.</exception>
    /// <exception cref="NotSupportedException">The region is read-only.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    public void PersistCopy(long offset, ReadOnlySpan<byte> source, StoreFlags flags = StoreFlags.None)
    {
        StoreEngine.ThrowIfContradicting(flags);
        if (_core.CopiesBySystemCall)
        {
            CopyFrom(offset, source);
            StoreEngine.Sync(this, flags, offset, source.Length);
            return;
        }

        CheckAccess(offset, source.Length, FaultAccess.Write);
        if (OverlapOf(source, offset) is >= 0 and long at)
        {
            PersistMove(offset, at, source.Length, flags);
            return;
        }

        if (FileOffsetOfOther(source, offset) is >= 0 and long fromInFile)
        {
            StoreEngine.StoreFromOther(this, flags, offset, source, isUp: FileOffset + offset <= fromInFile);
            return;
        }

        fixed (byte* from = source)
        {
            StoreEngine.Copy(this, flags, from, offset, source.Length);
        }
    }

    /// <summary>Sets bytes of the region to one value and makes them durable (pmem2_get_memset_fn).</summary>
    /// <param name="offset">First byte; 0 or more.</param>
    /// <param name="length">Length in bytes; 0 or more.</param>
    /// <param name="value">The value. When an exception is thrown, some bytes may have it in the file.</param>
    /// <inheritdoc cref="PersistCopy"/>
    public void PersistFill(long offset, long length, byte value, StoreFlags flags = StoreFlags.None)
    {
        StoreEngine.ThrowIfContradicting(flags);
        if (_core.CopiesBySystemCall)
        {
            Fill(offset, length, value);
            StoreEngine.Sync(this, flags, offset, length);
            return;
        }

        CheckAccess(offset, length, FaultAccess.Write);
        StoreEngine.Fill(this, flags, value, offset, length);
    }

    /// <summary>
    /// Copies bytes from one place of the region to another, which may overlap it, and makes them durable there (pmem2_get_memmove_fn).
    /// </summary>
    /// <param name="offset">First byte of where they go; 0 or more.</param>
    /// <param name="from">First byte of where they are; 0 or more.</param>
    /// <param name="length">Length in bytes; 0 or more. When an exception is thrown, some of them may have reached the file, and zeros in
    /// place of those whose page was lost.</param>
    /// <inheritdoc cref="PersistCopy"/>
    public void PersistMove(long offset, long from, long length, StoreFlags flags = StoreFlags.None)
    {
        StoreEngine.ThrowIfContradicting(flags);
        CheckAccess(from, length, FaultAccess.Read);
        CheckAccess(offset, length, FaultAccess.Write);
        if (_core.CopiesBySystemCall)
        {
            MoveBySystemCall(offset, from, length);
            StoreEngine.Sync(this, flags, offset, length);
            return;
        }

        StoreEngine.Move(this, flags, from, offset, length);
    }

    /// <summary>Piece by piece through a buffer, from the end that does not overwrite what is still to be read.</summary>
    private void MoveBySystemCall(long offset, long from, long length)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(length, PieceSize));
        try
        {
            bool isUp = offset <= from;
            for (long done = 0; done < length;)
            {
                int piece = (int)Math.Min(length - done, buffer.Length);
                long at = isUp ? done : length - done - piece;
                CopyTo(from + at, buffer.AsSpan(0, piece));
                CopyFrom(offset + at, buffer.AsSpan(0, piece));
                done += piece;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
