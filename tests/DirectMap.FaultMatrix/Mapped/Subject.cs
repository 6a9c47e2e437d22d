using System.IO.MemoryMappedFiles;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.FaultMatrix.Mapped;

/// <summary>
/// A file and a mapping of it. The file has a head that is not mapped, so that offsets in the region and in the file differ, and three
/// units that are: XFS copies blocks by units of 32, so that one unit can be lost and its neighbours not.
/// </summary>
internal sealed unsafe class Subject : IDisposable
{
    internal const int Unit = 32;
    internal const int Head = Unit;
    internal const int Pages = 3 * Unit;

    /// <summary>What files have where they were written, before a cell stores anything.</summary>
    internal const byte Content = 0x5A;

    private readonly MemoryMappedFile? _bclFile;
    private readonly FileStream? _bclStream;

    private Subject(string path, FaultReach reach, bool isDirect, DirectFileOptions options)
    {
        Path = path;
        Reach = reach;
        IsDirect = isDirect;
        Options = options;
    }

    internal Subject(string path, FaultReach reach, bool isDirect, How how, DirectFileOptions options)
        : this(path, reach, isDirect, options)
    {
        if (how == How.Bcl)
        {
            _bclStream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            _bclFile = MemoryMappedFile.CreateFromFile(
                _bclStream, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
            Accessor = _bclFile.CreateViewAccessor(MappedAt, Length);
            Start = Accessor.SafeMemoryMappedViewHandle.DangerousGetHandle() + (nint)Accessor.PointerOffset;
            return;
        }

        File = DirectFile.Open(path, options);
        MapOptions map = (isDirect ? MapOptions.DirectOrEmulated : MapOptions.Ordinary) with
        {
            Range = new FileRange(MappedAt, Length),
            FaultReach = reach,
            FaultContainment = how switch
            {
                How.Handler => FaultContainment.Required,
                How.Off => FaultContainment.Off,
                _ => FaultContainment.Auto
            },
        };
        Region = File.Map(map);
        ContainmentKind expected = how switch
        {
            How.Handler => ContainmentKind.Handler,
            How.Off => ContainmentKind.None,
            _ => ContainmentKind.Copies
        };
        Check.Equal(expected, Region.Facts.Containment.Value, "the containment");
        using RegionScope scope = Region.OpenScope(0, (int)Length);

        // Used as an address only, and the region lives as long as this object.
        fixed (byte* start = scope.ReadOnlySpan)
        {
            Start = (nint)start;
        }
    }

    internal static long MappedAt => Head * PageRun.Page;

    internal static long Length => Pages * PageRun.Page;

    internal static long FileLength => MappedAt + Length;

    internal string Path { get; }

    internal FaultReach Reach { get; }

    internal bool IsDirect { get; }

    internal DirectFileOptions Options { get; }

    internal DirectFile File { get; } = null!;

    internal MappedRegion Region { get; } = null!;

    internal MemoryMappedViewAccessor Accessor { get; } = null!;

    internal nint Start { get; }

    public override string ToString() => $"{(IsDirect ? "direct" : "ordinary")} mapping, FaultReach.{Reach}";

    /// <summary>Stores to a page what is there.</summary>
    internal void Touch(long page)
    {
        // In bounds: the pages of the mapping. Alive: until Dispose.
        byte* at = (byte*)Start + (page * PageRun.Page);
        Volatile.Write(ref *at, *at);
    }

    /// <summary>What somebody else reads of the file; zeros beyond its end.</summary>
    internal byte[] Outside(long offset, long length)
    {
        using SafeFileHandle file = OpenOutside(FileAccess.Read);
        byte[] bytes = new byte[length];
        for (int done = 0, count;
            done < bytes.Length && (count = RandomAccess.Read(file, bytes.AsSpan(done), MappedAt + offset + done)) > 0;)
        {
            done += count;
        }

        return bytes;
    }

    internal long OutsideLength()
    {
        using SafeFileHandle file = OpenOutside(FileAccess.Read);
        return RandomAccess.GetLength(file);
    }

    internal SafeFileHandle OpenOutside(FileAccess access) => System.IO.File.OpenHandle(Path, FileMode.Open, access, FileShare.ReadWrite);

    public void Dispose()
    {
        Accessor?.Dispose();
        _bclFile?.Dispose();
        _bclStream?.Dispose();
        Region?.Dispose();
        File?.Dispose();
    }
}
