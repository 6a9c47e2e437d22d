using Microsoft.Win32.SafeHandles;

namespace DirectMap.FaultLoad.Load;

/// <summary>A file that is mapped through the library, and truncated and grown behind its back.</summary>
internal sealed class TargetFile : IDisposable
{
    // One for all files: each has threads of its own.
    private static readonly DirectFileOptions s_options = new()
    {
        Coordinator = new LeaseCoordinator(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromMilliseconds(2) })
    };

    private static int s_count;

    private readonly Tally _tally;
    private readonly SafeFileHandle _outside;
    private readonly ulong _number = (ulong)Interlocked.Increment(ref s_count) << 40;
    private readonly int[] _generations;
    private readonly byte[] _page = new byte[PageContent.PageSize];
    private readonly DirectFile _file;

    internal TargetFile(string folder, int pages, Tally tally)
    {
        _tally = tally;
        Pages = pages;
        _generations = new int[pages];
        Path = System.IO.Path.Combine(folder, $"{_number >> 40}");
        _outside = File.OpenHandle(Path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite);
        Grow(0);
        _file = DirectFile.Open(Path, s_options);
    }

    internal string Path { get; }

    internal int Pages { get; }

    /// <summary>The word that a page holds, or will hold when the file is grown.</summary>
    internal ulong WordOf(int page) => PageContent.WordOf(_number, page, Volatile.Read(ref _generations[page]));

    /// <summary>Maps all of it: directly or not, with either reach.</summary>
    internal MappedRegion Map(Random random)
    {
        MapOptions options = (random.Next(2) == 0 ? MapOptions.DirectOrEmulated : MapOptions.Ordinary) with
        {
            FaultReach = random.Next(4) == 0 ? FaultReach.Region : FaultReach.Page,
            FaultContainment = FaultContainment.Required,
        };
        _tally.AddMap();
        return _file.Map(options);
    }

    /// <summary>Cuts pages off, from outside.</summary>
    internal void Truncate(int kept) => RandomAccess.SetLength(_outside, (long)kept * PageContent.PageSize);

    /// <summary>Cuts pages off through the library, as another owner, so that a direct mapping is revoked.</summary>
    internal void TruncateThroughLibrary(int kept)
    {
        using DirectFile other = DirectFile.Open(Path, s_options);
        other.SetLength((long)kept * PageContent.PageSize);
    }

    /// <summary>Pages that are written next have other words.</summary>
    internal void BeginGrowth(int kept)
    {
        for (int page = kept; page < Pages; page++)
        {
            Interlocked.Increment(ref _generations[page]);
        }
    }

    /// <summary>
    /// Writes the pages that are missing, from outside and in order: the file is never longer than what has been written, so no
    /// page of it is ever zero.
    /// </summary>
    internal void Grow(int kept)
    {
        for (int page = kept; page < Pages; page++)
        {
            PageContent.Write(_page, WordOf(page));
            RandomAccess.Write(_outside, _page, (long)page * PageContent.PageSize);
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        _outside.Dispose();
        File.Delete(Path);
    }
}
