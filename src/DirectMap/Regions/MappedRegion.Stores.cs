using System.Buffers;
using DirectMap.Linux;
using DirectMap.Stores;

namespace DirectMap;

/// <content>Copies, moves and fills that are durable when they return.</content>
public sealed unsafe partial class MappedRegion
{
    /// <summary>
    /// Bytes of a cache line, on every processor but a few with longer ones: pieces of a long store end where one does, so that
    /// none is flushed twice.
    /// </summary>
    private const int Line = 64;

    /// <summary>
    /// Copies bytes into the region and makes them durable (pmem2_get_memcpy_fn). A word of 8 bytes at a multiple of 8 is stored as a
    /// whole or not at all.
    /// </summary>
    /// <param name="offset">First byte; 0 to <see cref="Length"/> - <paramref name="source"/>'s length.</param>
    /// <param name="source">The bytes; they may overlap where they go (the span of a scope of this region, or of another one of the
    /// same file). When an exception is thrown, some of them may have reached the file.</param>
    /// <param name="flags">How to store, and what to leave to the caller.</param>
    /// <exception cref="ArgumentException">The flags contradict each other.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie within the region, or a flag is not known.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page. With
    /// <see cref="FaultCheck.AtAccess"/> also: it was refused before it was made (<see cref="MappingFaultException.Cause"/>).</exception>
    /// <exception cref="WritebackFailureException">As with <see cref="Persist(long, long)"/>.</exception>
    /// <exception cref="IOException">With <see cref="FaultCheck.AtAccess"/>: the block map could not be read.</exception>
    /// <exception cref="NotSupportedException">The region is read-only.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    public void PersistCopy(long offset, ReadOnlySpan<byte> source, StoreFlags flags = StoreFlags.None)
    {
        StoreForm form = FormOf(flags);
        if (_core.CopiesBySystemCall)
        {
            CopyFrom(offset, source);
            SyncUnless(flags, offset, source.Length);
            return;
        }

        CheckSlowly(offset, source.Length, FaultAccess.Write);
        if (OverlapOf(source, offset) is >= 0 and long at)
        {
            PersistMove(offset, at, source.Length, flags);
            return;
        }

        if (FileOffsetOfOther(source, offset) is >= 0 and long fromInFile)
        {
            PersistCopyFromOther(offset, source, fromInFile, flags);
            return;
        }

        long began = StoreBegins(flags);
        int* word = Enter(offset, source.Length, FaultAccess.Write);
        fixed (byte* from = source)
        {
            for (long done = 0, piece; done < source.Length; done += piece)
            {
                CheckStretch(word, offset, source.Length, done, FaultAccess.Write);
                piece = PieceUp(offset, source.Length, done);

                // In bounds and alive, here and below: as checked, and until Leave.
                byte* to = _start + offset + done;
                if (_granularity == PersistGranularity.Page)
                {
                    CopyKernel.Temporal(to, from + done, (nuint)piece);
                }
                else if (Flushes(flags))
                {
                    FlushedStores<NativeFlush>.Copy(to, from + done, (nuint)piece, form);
                }
                else
                {
                    FlushedStores<NoFlush>.Copy(to, from + done, (nuint)piece, form);
                }
            }
        }

        StoreEnds(word, began, flags, offset, source.Length);
    }

    /// <summary>Sets bytes of the region to one value and makes them durable (pmem2_get_memset_fn).</summary>
    /// <param name="offset">First byte; 0 or more.</param>
    /// <param name="length">Length in bytes; 0 or more.</param>
    /// <param name="value">The value. When an exception is thrown, some bytes may have it in the file.</param>
    /// <inheritdoc cref="PersistCopy"/>
    public void PersistFill(long offset, long length, byte value, StoreFlags flags = StoreFlags.None)
    {
        StoreForm form = FormOf(flags);
        if (_core.CopiesBySystemCall)
        {
            Fill(offset, length, value);
            SyncUnless(flags, offset, length);
            return;
        }

        CheckSlowly(offset, length, FaultAccess.Write);
        long began = StoreBegins(flags);
        int* word = Enter(offset, length, FaultAccess.Write);
        for (long done = 0, piece; done < length; done += piece)
        {
            CheckStretch(word, offset, length, done, FaultAccess.Write);
            piece = PieceUp(offset, length, done);
            byte* to = _start + offset + done;
            if (_granularity == PersistGranularity.Page)
            {
                FillKernel.Temporal(to, value, (nuint)piece);
            }
            else if (Flushes(flags))
            {
                FlushedStores<NativeFlush>.Fill(to, value, (nuint)piece, form);
            }
            else
            {
                FlushedStores<NoFlush>.Fill(to, value, (nuint)piece, form);
            }
        }

        StoreEnds(word, began, flags, offset, length);
    }

    /// <summary>
    /// Copies bytes from one place of the region to another, which may overlap it, and makes them durable there (pmem2_get_memmove_fn). A
    /// word of 8 bytes at a multiple of 8 is stored as a whole or not at all.
    /// </summary>
    /// <param name="offset">First byte of where they go; 0 or more.</param>
    /// <param name="from">First byte of where they are; 0 or more.</param>
    /// <param name="length">Length in bytes; 0 or more. When an exception is thrown, some of them may have reached the file, and zeros in
    /// place of those whose page was lost.</param>
    /// <inheritdoc cref="PersistCopy"/>
    public void PersistMove(long offset, long from, long length, StoreFlags flags = StoreFlags.None)
    {
        StoreForm form = FormOf(flags);
        CheckSlowly(from, length, FaultAccess.Read);
        CheckSlowly(offset, length, FaultAccess.Write);
        if (_core.CopiesBySystemCall)
        {
            MoveBySystemCall(offset, from, length);
            SyncUnless(flags, offset, length);
            return;
        }

        long began = StoreBegins(flags);
        int* word = Enter(offset, length, FaultAccess.Write);
        bool isUp = offset <= from; // From the end that does not overwrite what is still to be read.
        for (long done = 0, piece; done < length; done += piece)
        {
            long made = isUp ? 0 : length - done;
            CheckStretch(word, from, length, from + made, done, FaultAccess.Read);
            CheckStretch(word, offset, length, offset + made, done, FaultAccess.Write);
            piece = isUp ? PieceUp(offset, length, done) : PieceDown(offset, length, done);
            long at = isUp ? done : length - done - piece;
            byte* to = _start + offset + at, source = _start + from + at;
            if (_granularity == PersistGranularity.Page)
            {
                MoveKernel.Temporal(to, source, (nuint)piece);
            }
            else if (Flushes(flags))
            {
                FlushedStores<NativeFlush>.Move(to, source, (nuint)piece, form);
            }
            else
            {
                FlushedStores<NoFlush>.Move(to, source, (nuint)piece, form);
            }
        }

        StoreEnds(word, began, flags, offset, length, from);
    }

    private static StoreForm FormOf(StoreFlags flags)
    {
        const StoreFlags Known = StoreFlags.NoDrain | StoreFlags.NoFlush | StoreFlags.Temporal | StoreFlags.NonTemporal;
        if ((flags & ~Known) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(flags), flags, "A flag is not known.");
        }

        bool isNonTemporal = Has(flags, StoreFlags.NonTemporal);
        if (isNonTemporal && (flags & (StoreFlags.Temporal | StoreFlags.NoFlush)) != 0)
        {
            throw new ArgumentException($"{flags}: NonTemporal goes neither with Temporal nor with NoFlush.", nameof(flags));
        }

        return isNonTemporal ? StoreForm.NonTemporal : Has(flags, StoreFlags.Temporal) ? StoreForm.Temporal : StoreForm.Automatic;
    }

    /// <summary>Enum.HasFlag allocates until the code that calls it is optimized.</summary>
    private static bool Has(StoreFlags flags, StoreFlags flag) => (flags & flag) != 0;

    /// <summary>
    /// How much is stored before the word is looked at again, from the first byte on: no line, and so no word of eight
    /// bytes, is in two pieces.
    /// </summary>
    private static long PieceUp(long offset, long length, long done) =>
        Math.Min(length - done, StretchSize - ((offset + done) & (Line - 1)));

    /// <summary>The same from the last byte on.</summary>
    private static long PieceDown(long offset, long length, long done) =>
        Math.Min(length - done, StretchSize - (-(offset + length - done) & (Line - 1)));

    /// <summary>With caches in the persistence domain nothing is flushed anyway.</summary>
    private bool Flushes(StoreFlags flags) => _granularity == PersistGranularity.CacheLine && !Has(flags, StoreFlags.NoFlush);

    private void SyncUnless(StoreFlags flags, long offset, long length)
    {
        if (!Has(flags, StoreFlags.NoFlush))
        {
            Persist(offset, length);
        }
    }

    /// <summary>Whether the bytes are durable when the call returns.</summary>
    private static bool IsDurable(StoreFlags flags) => (flags & (StoreFlags.NoDrain | StoreFlags.NoFlush)) == 0;

    /// <summary>Where the granularity is a page, the sync at the end is what is observed.</summary>
    private long StoreBegins(StoreFlags flags) =>
        _granularity != PersistGranularity.Page && IsDurable(flags) ? _core.Events.PersistBegins() : 0;

    /// <param name="word">As Enter gave it.</param>
    /// <param name="began">As StoreBegins gave it.</param>
    /// <param name="flags">What is left to the caller.</param>
    /// <param name="offset">Where the bytes went.</param>
    /// <param name="length">How many.</param>
    /// <param name="movedFrom">Where they came from, if that is in the region.</param>
    private void StoreEnds(int* word, long began, StoreFlags flags, long offset, long length, long movedFrom = -1)
    {
        bool isByPage = _granularity == PersistGranularity.Page;
        if (!isByPage && IsDurable(flags))
        {
            CacheFlush.Drain();
        }

        Leave(word, offset, length, FaultAccess.Write);
        if (movedFrom >= 0)
        {
            Confirm((nint)word, movedFrom, length, FaultAccess.Read); // What was moved was the file's.
        }

        if (isByPage)
        {
            SyncUnless(flags, offset, length);
        }
        else if (IsDurable(flags))
        {
            _core.Events.Persisted(began, length);
        }
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
