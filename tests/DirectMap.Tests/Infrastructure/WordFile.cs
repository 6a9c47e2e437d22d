using DirectMap.FileSystems;
using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Infrastructure;

/// <summary>A file of one page, all zeros and written back, and mappings of it.</summary>
internal sealed unsafe class WordFile : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly List<MappedPages> _mapped = [];

    internal WordFile(string path)
    {
        Path = path;
        _file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.Write(_file, new byte[Environment.SystemPageSize], 0);
        RandomAccess.FlushToDisk(_file);
    }

    internal string Path { get; }

    /// <summary>Whether its pages are clean when they are written back.</summary>
    internal bool IsOnDevice =>
        KnownFileSystems.Of(_file, Path) is { IsVolatile: false, Stability: not BlockMapStability.Unverified };

    internal uint* Map(bool writable)
    {
        Assert.Equal(
            0, Mmap.TryMapFile(null, (nuint)Environment.SystemPageSize, writable, isSync: false, _file, 0, out MappedPages pages));
        _mapped.Add(pages);
        return (uint*)pages.DangerousGetHandle();
    }

    internal static void ReplaceByAnonymous(uint* page, bool writable) =>
        Assert.Equal(0, Mmap.TryReplaceByAnonymous((byte*)page, (nuint)Environment.SystemPageSize, writable, isShared: false));

    internal void Truncate() => RandomAccess.SetLength(_file, 0);

    public void Dispose()
    {
        _mapped.ForEach(pages => pages.Dispose());
        _file.Dispose();
    }
}
