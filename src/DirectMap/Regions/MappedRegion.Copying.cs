using DirectMap.Mapping;
using DirectMap.Regions;

namespace DirectMap;

/// <content>Copies of many bytes.</content>
public sealed unsafe partial class MappedRegion
{
    /// <summary>How much is copied by one system call, where copies are made so.</summary>
    internal const int PieceSize = 64 << 10;

    /// <summary>
    /// How much is copied before the word is looked at again: stores to lost pages take memory, so nobody should go on with them for long.
    /// </summary>
    internal const int StretchSize = 1 << 20;

    /// <summary>Copies bytes out of the region.</summary>
    /// <param name="offset">First byte; 0 to <see cref="Length"/> - <paramref name="destination"/>'s length.</param>
    /// <param name="destination">Where they go; it may overlap them (the span of a scope of this region, or of another one of
    /// the same file). When an exception is thrown, what is in it is not known.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie within the region.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page. With
    /// <see cref="PolicyCheck.AtAccess"/> also: it was refused before it was made (<see cref="MappingFaultException.Cause"/>).</exception>
    /// <exception cref="IOException">With <see cref="PolicyCheck.AtAccess"/>: the block map could not be read.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    public void CopyTo(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > _readableLength - destination.Length)
        {
            CheckAccess(offset, destination.Length, FaultAccess.Read);
        }

        long to = OverlapOf(destination, offset);
        if (to >= 0 && _core.CopiesBySystemCall)
        {
            MoveBySystemCall(to, offset, destination.Length);
            return;
        }

        if (to < 0 && FileOffsetOfOther(destination, offset) is >= 0 and long toInFile)
        {
            CopyToOther(offset, destination, toInFile);
            return;
        }

        int* word = Enter(offset, destination.Length, FaultAccess.Read);
        if (_core.CopiesBySystemCall)
        {
            fixed (byte* memory = destination)
            {
                new SystemCallCopy(_core, offset, destination.Length, FaultAccess.Read).Copy(memory);
            }
        }
        else
        {
            bool isUp = to <= offset; // Also where they do not overlap. From the end that does not overwrite what is still to be read.
            for (int done = 0, piece; done < destination.Length; done += piece)
            {
                CheckStretch(word, offset, destination.Length, isUp ? offset : offset + destination.Length - done, done, FaultAccess.Read);
                piece = Math.Min(destination.Length - done, StretchSize);
                int at = isUp ? done : destination.Length - done - piece;
                // In bounds and alive: as checked, and until Leave.
                new ReadOnlySpan<byte>(_start + offset + at, piece).CopyTo(destination[at..]);
            }
        }

        Leave(word, offset, destination.Length, FaultAccess.Read);
    }

    /// <summary>Copies bytes into the region.</summary>
    /// <remarks>They are durable only after <see cref="Persist(long, long)"/>.</remarks>
    /// <param name="offset">First byte; 0 to <see cref="Length"/> - <paramref name="source"/>'s length.</param>
    /// <param name="source">The bytes; they may overlap where they go (the span of a scope of this region, or of another one of the
    /// same file). When an exception is thrown, some of them may have reached the file.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie within the region.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page. With
    /// <see cref="PolicyCheck.AtAccess"/> also: it was refused before it was made (<see cref="MappingFaultException.Cause"/>).</exception>
    /// <exception cref="IOException">With <see cref="PolicyCheck.AtAccess"/>: the block map could not be read.</exception>
    /// <exception cref="NotSupportedException">The region is read-only.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    public void CopyFrom(long offset, ReadOnlySpan<byte> source)
    {
        if (offset < 0 || offset > _writableLength - source.Length || _writableLength == 0)
        {
            CheckAccess(offset, source.Length, FaultAccess.Write);
        }

        long from = OverlapOf(source, offset);
        if (from >= 0 && _core.CopiesBySystemCall)
        {
            MoveBySystemCall(offset, from, source.Length);
            return;
        }

        if (from < 0 && FileOffsetOfOther(source, offset) is >= 0 and long fromInFile)
        {
            CopyFromOther(offset, source, fromInFile);
            return;
        }

        int* word = Enter(offset, source.Length, FaultAccess.Write);
        if (_core.CopiesBySystemCall)
        {
            fixed (byte* memory = source)
            {
                new SystemCallCopy(_core, offset, source.Length, FaultAccess.Write).Copy(memory);
            }
        }
        else
        {
            bool isUp = from < 0 || from >= offset;
            for (int done = 0, piece; done < source.Length; done += piece)
            {
                CheckStretch(word, offset, source.Length, isUp ? offset : offset + source.Length - done, done, FaultAccess.Write);
                piece = Math.Min(source.Length - done, StretchSize);
                int at = isUp ? done : source.Length - done - piece;
                // In bounds and alive: as checked, and until Leave.
                source.Slice(at, piece).CopyTo(new Span<byte>(_start + offset + at, piece));
            }
        }

        Leave(word, offset, source.Length, FaultAccess.Write);
    }

    /// <summary>Sets bytes of the region to one value.</summary>
    /// <param name="offset">First byte; 0 or more.</param>
    /// <param name="length">Length in bytes; 0 or more.</param>
    /// <param name="value">The value. When an exception is thrown, some bytes may have it in the file.</param>
    /// <inheritdoc cref="CopyFrom"/>
    public void Fill(long offset, long length, byte value)
    {
        if (offset < 0 || length < 0 || offset > _writableLength - length || _writableLength == 0)
        {
            CheckAccess(offset, length, FaultAccess.Write);
        }

        int* word = Enter(offset, length, FaultAccess.Write);
        if (_core.CopiesBySystemCall)
        {
            new SystemCallCopy(_core, offset, length, FaultAccess.Write).Fill(value);
        }
        else
        {
            int piece;
            for (long done = 0; done < length; done += piece)
            {
                CheckStretch(word, offset, length, done, FaultAccess.Write);
                piece = (int)Math.Min(length - done, StretchSize);
                new Span<byte>(_start + offset + done, piece).Fill(value); // In bounds and alive: as checked, and until Leave.
            }
        }

        Leave(word, offset, length, FaultAccess.Write);
    }

    /// <summary>
    /// Between stretches: what was copied so far. A cooperative mapping loses no pages, and is waited for until the access has ended.
    /// </summary>
    private void CheckStretch(int* word, long offset, long length, long done, FaultAccess access) =>
        CheckStretch(word, offset, length, offset, done, access);

    /// <summary>The same, where it was not copied from the first byte on.</summary>
    internal void CheckStretch(int* word, long offset, long length, long doneFrom, long done, FaultAccess access)
    {
        Volatile.ReadBarrier();
        if (done > 0 && *word > (int)MappingLife.Releasing && !_core.Mapping.IsCooperative)
        {
            _core.Confirm(word, offset, length, access, doneFrom, done);
        }
    }
}
