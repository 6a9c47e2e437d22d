using System.Collections.Concurrent;
using System.Diagnostics;

namespace DirectMap.BreakerTable.Holding;

/// <summary>A guarded mapping of a file, and what it is told.</summary>
internal sealed class Holder : IDisposable
{
    private readonly BlockingCollection<Told> _told = [];

    private Holder(DirectFile file)
    {
        File = file;
        Region = Map();
    }

    internal DirectFile File { get; }

    internal MappedRegion Region { get; private set; }

    /// <exception cref="NotSupportedException">The level cannot be had.</exception>
    internal static Holder Open(string path, GuardOptions guard) =>
        new(DirectFile.Open(path, new DirectFileOptions { Guard = guard }));

    /// <summary>The mapping and its lease end, and the file stays open.</summary>
    internal void LetGo() => Region.Dispose();

    internal void MapAgain() => Region = Map();

    /// <summary>What was told until now does not count.</summary>
    internal void Forget()
    {
        while (_told.TryTake(out _))
        {
        }
    }

    /// <returns>The first that was told and not taken yet, or null.</returns>
    internal Told? Wait(TimeSpan patience) => _told.TryTake(out Told? told, patience) ? told : null;

    public void Dispose()
    {
        Region.Dispose();
        File.Dispose();
    }

    private MappedRegion Map()
    {
        MappedRegion region = File.Map();
        region.Trespassed += (_, trespass) => _told.Add(new Told(trespass, Stopwatch.GetTimestamp()));
        return region;
    }
}
