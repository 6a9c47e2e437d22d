using System.Buffers;
using DirectMap.Linux;
using DirectMap.Persistence;

namespace DirectMap;

/// <content>Copies, moves and fills that are durable when they return.</content>
public sealed unsafe partial class MappedRegion
{
    /// <summary>Copies bytes into the region and makes them durable (pmem2_get_memcpy_fn). A word of 8 bytes at a multiple of 8 is stored as a whole or not at all.</summary>
    /// <param name="offset">First byte; 0 to <see cref="Length"/> - <paramref name="source"/>'s length.</param>
    /// <param name="source">The bytes. When an exception is thrown, some of them may have reached the file.</param>
    /// <param name="flags">How to store, and what to leave to the caller.</param>
    /// <exception cref="ArgumentException">The flags contradict each other.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie within the region, or a flag is not known.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page. With <see cref="FaultCheck.AtAccess"/> also: it was refused before it was made (<see cref="MappingFaultException.Cause"/>).</exception>
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
        int* word = Enter(offset, source.Length, FaultAccess.Write);
        fixed (byte* from = source)
        {
            // In bounds and alive, here and below: as checked, and until Leave.
            if (_granularity == PersistGranularity.Page)
            {
                for (long done = 0, piece; done < source.Length; done += piece)
                {
                    CheckStretch(word, offset, source.Length, done, FaultAccess.Write);
                    piece = WholeWords(offset, source.Length, done);
                    MoveKernel.Temporal(_start + offset + done, from + done, (nuint)piece);
                }
            }
            else if (Flushes(flags))
            {
                FlushedStores<NativeFlush>.Copy(_start + offset, from, (nuint)source.Length, form);
            }
            else
            {
                FlushedStores<NoFlush>.Copy(_start + offset, from, (nuint)source.Length, form);
            }
        }

        DrainUnless(flags);
        Leave(word, offset, source.Length, FaultAccess.Write);
        if (_granularity == PersistGranularity.Page)
        {
            SyncUnless(flags, offset, source.Length);
        }
    }

    /// <summary>Sets bytes of the region to one value and makes them durable (pmem2_get_memset_fn).</summary>
    /// <param name="offset">First byte; 0 or more.</param>
    /// <param name="length">Length in bytes; 0 or more.</param>
    /// <param name="value">The value. When an exception is thrown, some bytes may have it in the file.</param>
    /// <param name="flags">How to store, and what to leave to the caller.</param>
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
        int* word = Enter(offset, length, FaultAccess.Write);
        if (_granularity == PersistGranularity.Page)
        {
            for (long done = 0, piece; done < length; done += piece)
            {
                CheckStretch(word, offset, length, done, FaultAccess.Write);
                piece = WholeWords(offset, length, done);
                FillKernel.Temporal(_start + offset + done, value, (nuint)piece);
            }
        }
        else if (Flushes(flags))
        {
            FlushedStores<NativeFlush>.Fill(_start + offset, value, (nuint)length, form);
        }
        else
        {
            FlushedStores<NoFlush>.Fill(_start + offset, value, (nuint)length, form);
        }

        DrainUnless(flags);
        Leave(word, offset, length, FaultAccess.Write);
        if (_granularity == PersistGranularity.Page)
        {
            SyncUnless(flags, offset, length);
        }
    }

    /// <summary>Copies bytes from one place of the region to another, which may overlap it, and makes them durable there (pmem2_get_memmove_fn). A word of 8 bytes at a multiple of 8 is stored as a whole or not at all.</summary>
    /// <param name="offset">First byte of where they go; 0 or more.</param>
    /// <param name="from">First byte of where they are; 0 or more.</param>
    /// <param name="length">Length in bytes; 0 or more. When an exception is thrown, some of them may have reached the file, and zeros in place of those whose page was lost.</param>
    /// <param name="flags">How to store, and what to leave to the caller.</param>
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

        int* word = Enter(offset, length, FaultAccess.Write);
        if (_granularity == PersistGranularity.Page)
        {
            MoveKernel.Temporal(_start + offset, _start + from, (nuint)length);
        }
        else if (Flushes(flags))
        {
            FlushedStores<NativeFlush>.Move(_start + offset, _start + from, (nuint)length, form);
        }
        else
        {
            FlushedStores<NoFlush>.Move(_start + offset, _start + from, (nuint)length, form);
        }

        DrainUnless(flags);
        Leave(word, offset, length, FaultAccess.Write);
        Confirm((nint)word, from, length, FaultAccess.Read); // What was moved was the file's.
        if (_granularity == PersistGranularity.Page)
        {
            SyncUnless(flags, offset, length);
        }
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

    /// <summary>How much is stored before the word is looked at again: no word of eight bytes is in two pieces.</summary>
    private static long WholeWords(long offset, long length, long done) => Math.Min(length - done, StretchSize - ((offset + done) & (sizeof(ulong) - 1)));

    /// <summary>With caches in the persistence domain nothing is flushed anyway.</summary>
    private bool Flushes(StoreFlags flags) => _granularity == PersistGranularity.CacheLine && !Has(flags, StoreFlags.NoFlush);

    private void SyncUnless(StoreFlags flags, long offset, long length)
    {
        if (!Has(flags, StoreFlags.NoFlush))
        {
            Persist(offset, length);
        }
    }

    private void DrainUnless(StoreFlags flags)
    {
        if (_granularity != PersistGranularity.Page && (flags & (StoreFlags.NoDrain | StoreFlags.NoFlush)) == 0)
        {
            CacheFlush.Drain();
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
