using System.Runtime.CompilerServices;
using DirectMap.Benchmarks.Infrastructure;
using DirectMap.Benchmarks.Peers;

namespace DirectMap.Benchmarks.Pmembench;

/// <summary>
/// A mapping and a buffer of ordinary memory beside it, each as long as all chunks, and one operation of pmembench's
/// pmem_memcpy between them.
/// </summary>
internal sealed unsafe class MemcpyGround : IDisposable
{
    private const int Slack = 64;

    private readonly MeasuredFile _mapping;
    private readonly byte[] _buffer;
    private readonly byte* _start;
    private readonly Places _source;
    private readonly Places _destination;
    private readonly bool _write;
    private readonly bool _libc;
    private readonly bool _persist;
    private readonly int _size;

    private MemcpyGround(
        bool write, int size, string sourceMode, string destinationMode, int sourceOffset, int destinationOffset, bool libc, bool persist)
    {
        (_write, _size, _libc, _persist) = (write, size, libc, persist);
        long length = ((long)size * Places.Count) + Slack;
        _mapping = MeasuredFile.Create(FileSystemKind.Tmpfs, length, PersistGranularity.CacheLine);
        _buffer = GC.AllocateArray<byte>((int)length, pinned: true);
        Array.Fill(_buffer, (byte)1);
        _start = (byte*)Unsafe.AsPointer(ref _buffer[0]); // alive and in place: pinned, and held by the field
        _source = new Places(sourceMode, size, offset: sourceOffset);
        _destination = new Places(destinationMode, size, offset: destinationOffset);
    }

    internal static MemcpyGround Create(
        bool write,
        int size,
        string sourceMode,
        string destinationMode,
        int sourceOffset,
        int destinationOffset,
        bool libc,
        bool persist) =>
        new(write, size, sourceMode, destinationMode, sourceOffset, destinationOffset, libc, persist);

    internal void TouchPeer() => _ = _mapping.Pmem2;

    internal void Ours()
    {
        long from = _source.Next();
        long to = _destination.Next();
        if (_write)
        {
            Store.Copy(_mapping.Region, to, _buffer.AsSpan((int)from, _size), _libc, _persist);
            return;
        }

        _mapping.Region.CopyTo(from, _buffer.AsSpan((int)to, _size));
    }

    internal void Theirs()
    {
        // In bounds and alive: places lie within both, which live until Dispose.
        Pmem2 peer = _mapping.Pmem2;
        byte* from = (_write ? _start : peer.Start) + _source.Next();
        byte* to = (_write ? peer.Start : _start) + _destination.Next();
        Store.Copy(peer, to, from, _size, _libc, _persist);
    }

    public void Dispose() => _mapping.Dispose();
}
