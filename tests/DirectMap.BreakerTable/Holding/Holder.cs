using System.Collections.Concurrent;
using System.Diagnostics;
using DirectMap.BreakerTable.Others;

namespace DirectMap.BreakerTable.Holding;

/// <summary>A guarded mapping of a file, and what it is told.</summary>
internal sealed class Holder : IDisposable
{
    private readonly BlockingCollection<Told> _told = [];
    private readonly Terms _terms;
    private readonly string _path;

    private Holder(string path, Terms terms)
    {
        _terms = terms;
        _path = path;
        File = terms.Factory.Open(path, new DirectFileOptions { Guard = terms.Guard, Access = terms.Access });
        try
        {
            Region = Map(MapOptions.Default);
        }
        catch
        {
            File.Dispose();
            throw;
        }
    }

    internal DirectFile File { get; }

    internal MappedRegion Region { get; private set; }

    /// <exception cref="NotSupportedException">The level cannot be had.</exception>
    internal static Holder Open(string path, Terms terms) => new(path, terms);

    /// <summary>The same file once more, as somebody else of this process has it.</summary>
    internal DirectFile OpenAnother() => _terms.Factory.Open(_path);

    /// <summary>The mapping and its lease end, and the file stays open.</summary>
    internal void LetGo() => Region.Dispose();

    /// <summary>As what it consists of now, holes or not; waits for the end of what goes on, with a bound.</summary>
    internal void MapAgain(TimeSpan patience)
    {
        using CancellationTokenSource end = new(patience);
        Region = MapAsync(end.Token).AsTask().GetAwaiter().GetResult();
    }

    /// <summary>What was told until now does not count.</summary>
    internal void Forget()
    {
        while (_told.TryTake(out _))
        {
        }
    }

    /// <returns>The first that was told and not taken yet, or null.</returns>
    internal Told? Wait(TimeSpan patience) => _told.TryTake(out Told? told, patience) ? told : null;

    /// <returns>As the other one; null also when the operation has returned.</returns>
    internal Told? Wait(TimeSpan patience, Operation operation)
    {
        long begin = Stopwatch.GetTimestamp();
        Told? told = null;
        while (!_told.TryTake(out told, 1) && !operation.HasReturned && Stopwatch.GetElapsedTime(begin) < patience)
        {
        }

        return told;
    }

    /// <summary>Where the middle of the file is mapped.</summary>
    internal unsafe nint Address()
    {
        using RegionScope scope = Region.OpenScope(Subject.Begin, sizeof(long));
        fixed (byte* start = scope.ReadOnlySpan)
        {
            return (nint)start;
        }
    }

    public void Dispose()
    {
        Region.Dispose();
        File.Dispose();
    }

    private MappedRegion Map(MapOptions options) => Listened(File.Map(Asked(options)));

    private async ValueTask<MappedRegion> MapAsync(CancellationToken cancellationToken)
    {
        MapOptions options = new() { FaultPolicy = FaultPolicies.Permissive, WhenUnavailable = WhenUnavailable.Wait };
        return Listened(await File.MapAsync(Asked(options), cancellationToken));
    }

    private MapOptions Asked(MapOptions options) => options with
    {
        LeaseMode = _terms.Mode,
        OnBreak = (_, leaseBreak) => _told.Add(new Told(leaseBreak, null, Stopwatch.GetTimestamp())),
    };

    private MappedRegion Listened(MappedRegion region)
    {
        region.Trespassed += (_, trespass) => _told.Add(new Told(null, trespass, Stopwatch.GetTimestamp()));
        return region;
    }
}
