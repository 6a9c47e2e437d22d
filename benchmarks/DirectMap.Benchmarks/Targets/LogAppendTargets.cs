using DirectMap.Benchmarks.Peers;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// Durable appends by pages, on a disk, from one thread: to what the BCL has for it. And durable copies, which are what an append is made
/// of, to the one system call that makes them otherwise.
/// </summary>
internal static class LogAppendTargets
{
    private const int RecordLength = 256;
    private const long Length = 64 << 20;
    private const int Pairs = 1500;

    private static readonly TimeSpan s_oneCall = TimeSpan.FromTicks(1);

    /// <summary>One appender.</summary>
    internal static IEnumerable<Line> One(Paired paired)
    {
        using Place logPlace = new(Place.Disk, Length), peerPlace = new(Place.Disk, Length);
        using MappedRegion region = Map(logPlace);
        using PersistentLog log = PersistentLog.Create(region, new PersistentLogOptions { IsRing = true });
        using SafeFileHandle handle = File.OpenHandle(peerPlace.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        byte[] record = new byte[RecordLength];
        long position = 0;
        Comparison figure = paired.Compare(Append, Write, s_oneCall, Pairs);
        yield return Line.AtMost("256 B, to RandomAccess.Write, FlushToDisk", 1.05, figure);

        void Append(int count)
        {
            for (int i = 0; i < count; i++)
            {
                log.Append(record);
            }
        }

        void Write(int count)
        {
            for (int i = 0; i < count; i++)
            {
                RandomAccess.Write(handle, record, position);
                RandomAccess.FlushToDisk(handle);
                position = (position + RecordLength) % Length;
            }
        }
    }

    /// <summary>Durable copies, one behind the other.</summary>
    internal static IEnumerable<Line> Copy(Paired paired)
    {
        using Place place = new(Place.Disk, Length), peerPlace = new(Place.Disk, Length);
        using MappedRegion region = Map(place);
        using SafeFileHandle handle = File.OpenHandle(peerPlace.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        foreach (int size in (int[])[256, 4096])
        {
            byte[] bytes = new byte[size];
            (long position, long peerPosition) = (0, 0);
            Comparison figure = paired.Compare(Copy, Write, s_oneCall, Pairs);
            yield return Line.AtMost(Line.Text($"PersistCopy of {size} B, to pwritev2 and RWF_DSYNC"), 1.15, figure);

            void Copy(int count)
            {
                for (int i = 0; i < count; i++)
                {
                    region.PersistCopy(position, bytes);
                    position = (position + size) % Length;
                }
            }

            void Write(int count)
            {
                for (int i = 0; i < count; i++)
                {
                    SyncedWrite.To(handle, bytes, peerPosition);
                    peerPosition = (peerPosition + size) % Length;
                }
            }
        }
    }

    internal static MappedRegion Map(Place place) =>
        place.File.Map(MapOptions.DirectOrEmulated with { RequiredGranularity = PersistGranularity.Page });
}
