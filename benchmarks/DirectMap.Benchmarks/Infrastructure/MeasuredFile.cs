using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DirectMap.Benchmarks.Peers;

namespace DirectMap.Benchmarks.Infrastructure;

/// <summary>A written file of its own, mapped by the library, and by libpmem2 and the BCL when asked for; removed with it.</summary>
internal sealed unsafe class MeasuredFile : IDisposable
{
    private readonly string _path;
    private readonly DirectFile _file;
    private Pmem2? _pmem2;
    private BclView? _bcl;

    private MeasuredFile(FileSystemKind kind, long length, PersistGranularity granularity)
    {
        _path = Folders.NewPath(kind);
        Granularity = granularity;
        _file = DirectFile.Create(_path, length);
        Region = _file.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = granularity });
        Region.Fill(0, length, 1);
        using RegionScope scope = Region.OpenScope(0, 1);
        Start = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(scope.Span));
        scope.Complete();
    }

    internal string Path => _path;

    internal PersistGranularity Granularity { get; }

    internal MappedRegion Region { get; }

    /// <summary>
    /// The region's first byte, for stores that are not what is measured. Alive until <see cref="Dispose"/>: nobody breaks the lease.
    /// </summary>
    internal byte* Start { get; }

    /// <summary>The same file and granularity.</summary>
    internal Pmem2 Pmem2 => _pmem2 ??= Touched(new Pmem2(_path, Granularity == PersistGranularity.Page ? "PAGE" : "CACHE_LINE"));

    /// <summary>The same file.</summary>
    internal BclView Bcl => _bcl ??= BclView.Of(_path);

    /// <summary>Makes the file, writes it and maps it; no page of the mapping is touched for the first time while it is measured.</summary>
    internal static MeasuredFile Create(FileSystemKind kind, long length, PersistGranularity granularity) => new(kind, length, granularity);

    public void Dispose()
    {
        _bcl?.Dispose();
        _pmem2?.Dispose();
        Region.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }

    private static Pmem2 Touched(Pmem2 mapped)
    {
        for (long offset = 0; offset < mapped.Length; offset += 4096)
        {
            mapped.Start[offset] = 1; // in bounds and alive: within the mapping, which lives
        }

        return mapped;
    }
}
