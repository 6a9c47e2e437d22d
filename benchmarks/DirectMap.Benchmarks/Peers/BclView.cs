using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Benchmarks.Peers;

/// <summary>A whole file as the BCL maps it: the accessor, and the pointer that it gives away.</summary>
internal sealed unsafe class BclView : IDisposable
{
    private readonly MemoryMappedFile _file;

    private BclView(string path)
    {
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open);
        Accessor = _file.CreateViewAccessor();
        byte* start = null;
        Accessor.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        Start = start;
    }

    internal static BclView Of(string path) => new(path);

    internal MemoryMappedViewAccessor Accessor { get; }

    internal SafeMemoryMappedViewHandle Handle => Accessor.SafeMemoryMappedViewHandle;

    /// <summary>The first byte; valid until <see cref="Dispose"/>.</summary>
    internal byte* Start { get; }

    public void Dispose()
    {
        Handle.ReleasePointer();
        Accessor.Dispose();
        _file.Dispose();
    }
}
