using DirectMap.Regions;
using DirectMap.Threading;

namespace DirectMap.Logs;

/// <summary>
/// The bytes that a log lies in; offsets are from the log's first byte. A type argument, so that a region costs nothing more than its own
/// calls, and a test can put a memory there that knows what a crash leaves of it.
/// </summary>
internal interface ILogMemory
{
    /// <summary>In bytes.</summary>
    long Length { get; }

    /// <summary>What messages call it.</summary>
    string Place => "these bytes";

    /// <summary>Whether a persist makes no system call, so that it is not worth another thread.</summary>
    bool IsPersistQuick { get; }

    /// <summary>A word of eight bytes, at a multiple of eight.</summary>
    ulong Load(long offset);

    void Load(long offset, Span<byte> destination);

    /// <summary>A word of eight bytes, at a multiple of eight. Durable after the next <see cref="Persist"/> of it.</summary>
    void Store(long offset, ulong word);

    /// <summary>Durable after the next <see cref="Persist"/> of them.</summary>
    void Store(long offset, ReadOnlySpan<byte> source);

    /// <summary>Returns when all that was stored there is durable.</summary>
    void Persist(long offset, long length);

    /// <summary>Whether there is nothing but zeros. Holes are known to be such, and not looked at.</summary>
    bool IsZero();

    /// <summary>The word on which followers sleep, to wake them; null where there can be none.</summary>
    SharedWord? OpenBeat();
}

/// <summary>A range of a region, which begins at a multiple of eight.</summary>
internal readonly struct RegionLogMemory(MappedRegion region, long start, long length) : ILogMemory
{
    private const int PieceSize = 64 << 10;

    /// <summary>Where it is.</summary>
    internal MappedRegion Region => region;

    /// <summary>Its first byte in the file.</summary>
    internal FileRange Range => new(region.FileOffset + start, length);

    /// <summary>Its first byte, from the region's on.</summary>
    internal long Start => start;

    /// <summary>Whether somebody has the right to append to it: <see cref="MappedRegion.IsAppended"/>.</summary>
    internal bool? IsAppended => region.IsAppended(start, length);

    public SharedWord? OpenBeat() => region.OpenWord(start + LogProgress.BeatOffset);

    public long Length => length;

    public string Place => $"bytes {Range} of '{region.Path}'";

    public bool IsPersistQuick => region.Granularity != PersistGranularity.Page;

    public ulong Load(long offset) => region.Read<ulong>(start + offset);

    public void Load(long offset, Span<byte> destination) => region.CopyTo(start + offset, destination);

    public void Store(long offset, ulong word) => region.Write(start + offset, word);

    public void Store(long offset, ReadOnlySpan<byte> source) => region.PersistCopy(start + offset, source, StoreFlags.NoFlush);

    /// <summary>Whoever leads persists for others, too; an interrupt of its thread is for what it waits for next.</summary>
    public void Persist(long offset, long length) =>
        Uninterrupted.Run((region, start + offset, length), static range => range.region.Persist(range.Item2, range.length));

    public bool IsZero()
    {
        byte[] piece = new byte[PieceSize];
        for (long at = region.NextData(start); at < start + length; at = region.NextData(at + piece.Length))
        {
            Span<byte> part = piece.AsSpan(0, (int)Math.Min(piece.Length, start + length - at));
            region.CopyTo(at, part);
            if (part.ContainsAnyExcept((byte)0))
            {
                return false;
            }
        }

        return true;
    }
}
