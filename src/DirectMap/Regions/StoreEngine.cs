using System.Buffers;
using System.Runtime.CompilerServices;
using DirectMap.Linux;
using DirectMap.Stores;

namespace DirectMap.Regions;

/// <summary>
/// Durable stores into regions: what is stored goes there piece by piece, with a look at the word between two pieces, in the way that
/// granularity and flags ask for, and at the end it is made durable, as far as that is not left to the caller.
/// <para>
/// Static, and no structure with the region and the flags: built in memory right behind a store fence and loaded from there, it made each
/// store wait for the fence before, which costs a small one a quarter more.
/// </para>
/// </summary>
internal static unsafe class StoreEngine
{
    /// <summary>
    /// Bytes of a cache line, on every processor but a few with longer ones: pieces of a long store end where one does, so that
    /// none is flushed twice.
    /// </summary>
    private const int Line = 64;

    /// <summary>What is no longer goes in one piece, wherever it begins.</summary>
    private const long OnePiece = MappedRegion.StretchSize - Line;

    /// <exception cref="ArgumentException">The flags contradict each other.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A flag is not known.</exception>
    internal static void ThrowIfContradicting(StoreFlags flags)
    {
        const StoreFlags Known = StoreFlags.NoDrain | StoreFlags.NoFlush | StoreFlags.Temporal | StoreFlags.NonTemporal;
        if ((flags & ~Known) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(flags), flags, "A flag is not known.");
        }

        if (Has(flags, StoreFlags.NonTemporal) && (flags & (StoreFlags.Temporal | StoreFlags.NoFlush)) != 0)
        {
            throw new ArgumentException($"{flags}: NonTemporal goes neither with Temporal nor with NoFlush.", nameof(flags));
        }
    }

    /// <summary>Copies bytes that do not overlap where they go.</summary>
    internal static void Copy(MappedRegion region, StoreFlags flags, byte* from, long offset, long length) =>
        Store(region, flags, new CopyKernel(from), offset, length);

    /// <summary>Sets bytes to one value.</summary>
    internal static void Fill(MappedRegion region, StoreFlags flags, byte value, long offset, long length) =>
        Store(region, flags, new FillKernel(value), offset, length);

    /// <summary>Copies bytes of the region, which may overlap where they go.</summary>
    internal static void Move(MappedRegion region, StoreFlags flags, long from, long offset, long length) =>
        Store(region, flags, new MoveKernel(region.AddressOf(from)), offset, length, from); // In bounds: as the caller has checked.

    /// <summary>Stores what a kernel has. The caller has checked where it goes, and where it comes from.</summary>
    /// <param name="region">The region.</param>
    /// <param name="flags">How to store, and what is left to the caller.</param>
    /// <param name="kernel">What is stored.</param>
    /// <param name="offset">Where it goes.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="movedFrom">Where it comes from, if that is in the region; it may overlap where it goes.</param>
    private static void Store<TKernel>(
        MappedRegion region, StoreFlags flags, TKernel kernel, long offset, long length, long movedFrom = -1)
        where TKernel : struct, IKernel
    {
        long began = Begin(region, flags);
        int* word = region.Enter(offset, length, FaultAccess.Write);
        if (length > OnePiece)
        {
            StorePieces(region, flags, kernel, word, offset, length, movedFrom);
        }
        else if (length > 0)
        {
            StorePiece(region, flags, kernel, offset, at: 0, length);
        }
        else
        {
            began = 0; // Nothing is made durable.
        }

        if (!IsByPage(region) && IsDurable(flags))
        {
            CacheFlush.Drain();
        }

        region.Leave(word, offset, length, FaultAccess.Write);
        if (movedFrom >= 0)
        {
            region.Confirm((nint)word, movedFrom, length, FaultAccess.Read); // What was moved was the file's.
        }

        End(region, flags, began, offset, length);
    }

    /// <summary>
    /// Stores memory of another region with which the region has bytes in common, through a buffer: in pieces that end where a line does,
    /// so that no word is in two.
    /// </summary>
    /// <param name="region">The region.</param>
    /// <param name="flags">How to store, and what is left to the caller.</param>
    /// <param name="offset">Where it goes.</param>
    /// <param name="source">Where it comes from.</param>
    /// <param name="isUp">Whether what is stored at the front is not read any more.</param>
    internal static void StoreFromOther(MappedRegion region, StoreFlags flags, long offset, ReadOnlySpan<byte> source, bool isUp)
    {
        StoreFlags flagsOfPieces = IsByPage(region) ? StoreFlags.NoFlush : flags | StoreFlags.NoDrain;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(MappedRegion.PieceSize);
        long began = Begin(region, flags);
        try
        {
            for (int done = 0, piece; done < source.Length; done += piece)
            {
                long edge = isUp ? offset + done : -(offset + source.Length - done);
                piece = (int)Math.Min(source.Length - done, MappedRegion.PieceSize - (edge & (Line - 1)));
                int at = isUp ? done : source.Length - done - piece;
                source.Slice(at, piece).CopyTo(buffer);
                region.PersistCopy(offset + at, buffer.AsSpan(0, piece), flagsOfPieces);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (!IsByPage(region) && IsDurable(flags))
        {
            region.Drain();
        }

        End(region, flags, began, offset, source.Length);
    }

    /// <summary>
    /// What was stored in another way is made durable, if the caller does not do that. No bytes are an access of no bytes, by whatever
    /// granularity, and nothing else.
    /// </summary>
    internal static void Sync(MappedRegion region, StoreFlags flags, long offset, long length)
    {
        if (length > 0 && !Has(flags, StoreFlags.NoFlush))
        {
            region.Persist(offset, length);
        }
    }

    /// <summary>Where the granularity is a page, the sync at the end is what makes the bytes durable, and what is observed.</summary>
    private static bool IsByPage(MappedRegion region) => region.Granularity == PersistGranularity.Page;

    /// <summary>Whether the bytes are durable when the call returns.</summary>
    private static bool IsDurable(StoreFlags flags) => (flags & (StoreFlags.NoDrain | StoreFlags.NoFlush)) == 0;

    private static StoreForm FormOf(StoreFlags flags) => Has(flags, StoreFlags.NonTemporal) ? StoreForm.NonTemporal
        : Has(flags, StoreFlags.Temporal) ? StoreForm.Temporal : StoreForm.Automatic;

    /// <summary>Enum.HasFlag allocates until the code that calls it is optimized.</summary>
    private static bool Has(StoreFlags flags, StoreFlags flag) => (flags & flag) != 0;

    /// <summary>Waits for what this thread has flushed.</summary>
    internal static void Drain() => CacheFlush.Drain();

    /// <summary>
    /// Begins to write lines back, where they have to be. In bounds: as the caller has checked. Alive: until its KeepAlive. A page that the
    /// kernel cannot provide is a fault, here as at any access.
    /// </summary>
    internal static void FlushLines(MappedRegion region, long offset, long length)
    {
        if (region.Granularity == PersistGranularity.CacheLine)
        {
            CacheFlush.Flush(region.AddressOf(offset), (nuint)length);
            return;
        }

        // Nothing has to be flushed; but the pages have to be there, or nobody would be told of a file that was truncated.
        for (long at = offset; at < offset + length; at = Rounding.PageDown(at) + Environment.SystemPageSize)
        {
            _ = Volatile.Read(ref *region.AddressOf(at));
        }
    }

    /// <summary>Makes lines durable.</summary>
    internal static void PersistLines(MappedRegion region, nint word, long offset, long length)
    {
        long began = region.Core.Events.PersistBegins();
        FlushLines(region, offset, length);
        CacheFlush.Drain();
        region.Confirm(word, offset, length, FaultAccess.Persist);
        region.Core.Events.Persisted(began, length);
    }

    /// <summary>
    /// How much is stored before the word is looked at again: no line, and so no word of eight bytes, is in two pieces.
    /// </summary>
    /// <param name="edge">Where the piece begins; the negative of where it ends, if it is stored from its end on.</param>
    /// <param name="left">What is left to be stored.</param>
    private static long PieceAt(long edge, long left) => Math.Min(left, MappedRegion.StretchSize - (edge & (Line - 1)));

    private static long Begin(MappedRegion region, StoreFlags flags) =>
        !IsByPage(region) && IsDurable(flags) ? region.Core.Events.PersistBegins() : 0;

    private static void End(MappedRegion region, StoreFlags flags, long began, long offset, long length)
    {
        if (IsByPage(region))
        {
            Sync(region, flags, offset, length);
        }
        else if (IsDurable(flags))
        {
            region.Core.Events.Persisted(began, length);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)] // A store of one piece has more registers without it.
    private static void StorePieces<TKernel>(
        MappedRegion region, StoreFlags flags, TKernel kernel, int* word, long offset, long length, long movedFrom)
        where TKernel : struct, IKernel
    {
        bool isUp = movedFrom < 0 || offset <= movedFrom; // From the end that does not overwrite what is still to be read.
        for (long done = 0, piece; done < length; done += piece)
        {
            long made = isUp ? 0 : length - done;
            if (movedFrom >= 0)
            {
                region.CheckStretch(word, movedFrom, length, movedFrom + made, done, FaultAccess.Read);
            }

            region.CheckStretch(word, offset, length, offset + made, done, FaultAccess.Write);
            piece = PieceAt(isUp ? offset + done : -(offset + length - done), length - done);
            StorePiece(region, flags, kernel, offset, isUp ? done : length - done - piece, piece);
        }
    }

    private static void StorePiece<TKernel>(MappedRegion region, StoreFlags flags, TKernel kernel, long offset, long at, long length)
        where TKernel : struct, IKernel
    {
        byte* to = region.AddressOf(offset + at); // In bounds and alive: as checked, and until Leave.
        if (IsByPage(region))
        {
            kernel.Temporal(to, (nuint)at, (nuint)length);
        }
        else if (region.Granularity == PersistGranularity.CacheLine && !Has(flags, StoreFlags.NoFlush))
        {
            FlushedStores<NativeFlush>.Store(to, kernel, (nuint)at, (nuint)length, FormOf(flags));
        }
        else
        {
            // The caches are in the persistence domain, or the caller flushes.
            FlushedStores<NoFlush>.Store(to, kernel, (nuint)at, (nuint)length, FormOf(flags));
        }
    }
}
