using DirectMap.Benchmarks.Infrastructure;
using DirectMap.Benchmarks.Peers;

namespace DirectMap.Benchmarks.Pmembench;

/// <summary>
/// The four ways in which pmembench copies to a mapping, and sets it: by libc or by libpmem, and until it is durable or
/// until it is flushed.
/// </summary>
internal static unsafe class Store
{
    internal static void Copy(MappedRegion region, long offset, ReadOnlySpan<byte> source, bool libc, bool persist)
    {
        if (libc)
        {
            region.CopyFrom(offset, source);
            Finish(region, offset, source.Length, persist);
            return;
        }

        region.PersistCopy(offset, source, persist ? StoreFlags.None : StoreFlags.NoDrain);
    }

    internal static void Fill(MappedRegion region, long offset, int length, bool libc, bool persist)
    {
        if (libc)
        {
            region.Fill(offset, length, 7);
            Finish(region, offset, length, persist);
            return;
        }

        region.PersistFill(offset, length, 7, persist ? StoreFlags.None : StoreFlags.NoDrain);
    }

    internal static void Copy(Pmem2 peer, byte* to, byte* from, int length, bool libc, bool persist)
    {
        if (libc)
        {
            Buffer.MemoryCopy(from, to, length, length);
            Finish(peer, to, length, persist);
            return;
        }

        peer.Copy(to, from, (nuint)length, persist ? 0 : Pmem2.NoDrain);
    }

    internal static void Fill(Pmem2 peer, byte* to, int length, bool libc, bool persist)
    {
        if (libc)
        {
            new Span<byte>(to, length).Fill(7);
            Finish(peer, to, length, persist);
            return;
        }

        peer.Fill(to, 7, (nuint)length, persist ? 0 : Pmem2.NoDrain);
    }

    private static void Finish(MappedRegion region, long offset, int length, bool persist)
    {
        if (persist)
        {
            region.Persist(offset, length);
            return;
        }

        region.WriteBack(offset, length);
    }

    private static void Finish(Pmem2 peer, byte* to, int length, bool persist)
    {
        if (persist)
        {
            peer.Persist(to, (nuint)length);
            return;
        }

        peer.Flush(to, (nuint)length);
    }
}
