using System.Numerics;
using DirectMap.Linux;
using DirectMap.Logs;
using DirectMap.Regions;

namespace DirectMap;

/// <summary>Where a <see cref="PersistentLog"/> lies in its region, and how it is made.</summary>
/// <remarks>Of a log that exists, its own <see cref="IsRing"/> and <see cref="RecordAlignment"/> count.</remarks>
public sealed record PersistentLogOptions
{
    /// <summary>A log over all of the region, not a ring.</summary>
    public static PersistentLogOptions Default { get; } = new();

    /// <summary>The bytes of the file that the log lies in, within the region; all of the region by default.</summary>
    /// <remarks>
    /// The offset is a multiple of 8. A multiple of 4096 keeps the header's two slots and the records on pages of their own, where pages
    /// have 4096 bytes. The length is 16,384 bytes or more: three units of 4096 bytes for the header's two slots and for followers, and one
    /// or more for records. What is left over behind the last whole unit is not used. <see cref="FileRange.From"/> means up to the region's
    /// end, and <see cref="FileRange.Whole"/> means the region.
    /// </remarks>
    public FileRange Range { get; init; } = FileRange.Whole;

    /// <summary>
    /// Whether the oldest records are given up when there is no room, until an eighth of the area for records at least is free.
    /// </summary>
    /// <remarks>With false (the default) it is <see cref="PersistentLogError.Full"/> then.</remarks>
    public bool IsRing { get; init; }

    /// <summary>Records begin at multiples of this many bytes; a power of two from 8 to 4096, 64 by default.</summary>
    /// <remarks>
    /// With 64, a cache line, an append never stores to a line of a record that is durable. 8 takes the least room, and as long. 512 or
    /// 4096, the device's sector, is for devices that may lose a sector that they were writing when the power went: then no append writes
    /// to a sector of a record that is durable. Both hold where the offset of <see cref="Range"/> is a multiple of it, too.
    /// </remarks>
    public int RecordAlignment { get; init; } = 64;

    /// <summary>Whether a log that is damaged (<see cref="PersistentLogStop.Damage"/>) is opened all the same.</summary>
    /// <remarks>
    /// Whole records stay, also those behind the damage. Each place where records were lost gets a mark:
    /// <see cref="PersistentLogRecovery.Lost"/> has their numbers, no number changes, and <see cref="PersistentLogReader.MoveNext"/> throws
    /// there and goes on behind it, also after later openings. Where a newer state of the header is lost, the records of that state are
    /// given up. <see cref="PersistentLog.Attach"/> never does so. With false (the default) it is an exception, and nothing is stored.
    /// </remarks>
    public bool CutAtDamage { get; init; }

    /// <summary>Whether records that may not be durable are stored once more before they are persisted; false by default.</summary>
    /// <remarks>
    /// It is for opening a log after a <see cref="WritebackFailureException"/> was acknowledged: the kernel counts the pages that it could
    /// not write as clean, and would not write them again.
    /// </remarks>
    public bool Rewrite { get; init; }

    internal LogOpening Opening => new(CutAtDamage, Rewrite);

    /// <summary>The range of a region, checked.</summary>
    internal RegionLogMemory In(MappedRegion region)
    {
        ArgumentNullException.ThrowIfNull(region);
        if (region.Access != MappingAccess.ReadWrite)
        {
            throw new NotSupportedException(
                $"The region of '{region.Path}' is mapped for reading only; opening a log stores its header. "
                    + $"{nameof(PersistentLogFollower)} reads.");
        }

        return ForReading(region);
    }

    /// <summary>The same, of a region for reading or for both.</summary>
    internal RegionLogMemory ForReading(MappedRegion region)
    {
        ArgumentNullException.ThrowIfNull(region);
        FileRange mapped = new(region.FileOffset, region.Length);
        FileRange range = Range == FileRange.Whole ? mapped : Rounding.UpTo(Range, mapped.End);
        const string Property = $"{nameof(PersistentLogOptions)}.{nameof(Range)}";
        if (range.Offset % sizeof(ulong) != 0)
        {
            throw new ArgumentException(
                $"{Property}: a log begins at a multiple of {sizeof(ulong)}, and {range.Offset} is none.", Arguments.Options);
        }

        if (!mapped.Contains(range))
        {
            throw new ArgumentException(
                $"{Property}: a log in bytes {range} of the file does not lie within the region of bytes {mapped}.", Arguments.Options);
        }

        if (LogHeader.CapacityIn(range.Length) < LogHeader.AreaUnit)
        {
            throw new ArgumentException(
                $"{Property}: a log of {range.Length} bytes is too short; it takes "
                    + $"{LogHeader.AreaOffset + LogHeader.AreaUnit} bytes at least.",
                Arguments.Options);
        }

        if (RecordAlignment is < sizeof(ulong) or > (int)LogHeader.AreaUnit || !BitOperations.IsPow2(RecordAlignment))
        {
            throw new ArgumentException(
                $"{nameof(PersistentLogOptions)}.{nameof(RecordAlignment)} is a power of two from {sizeof(ulong)} to {LogHeader.AreaUnit}; "
                    + $"{RecordAlignment} is not.",
                Arguments.Options);
        }

        return new RegionLogMemory(region, range.Offset - mapped.Offset, range.Length);
    }
}
