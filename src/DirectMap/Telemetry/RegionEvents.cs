using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace DirectMap.Telemetry;

/// <summary>What one region tells those who watch. Accesses that succeed tell nothing.</summary>
internal sealed class RegionEvents(FileEvents file, string path, FileRange range)
{
    private readonly Instruments _instruments = file.Instruments;

    // At each persist, so at hand.
    private readonly Counter<long>? _persistedBytes = file.Instruments.PersistedBytes;
    private readonly Histogram<double>? _persists = file.Instruments.Persists;
    private int _loggedCauses; // a bit for each FaultCause
    private bool _isReleased;

    internal void Mapped(MappingAccess access, bool isDirect, bool isEmulated)
    {
        try
        {
            RegionMessages.RegionMapped(file.RegionLogger, range, path, access, isDirect, isEmulated);
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
        }
    }

    /// <summary>Told once.</summary>
    internal void Released()
    {
        if (Interlocked.Exchange(ref _isReleased, true))
        {
            return;
        }

        try
        {
            RegionMessages.RegionReleased(file.RegionLogger, range, path);
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
        }
    }

    internal void PagesNotReplaced(Exception failure)
    {
        try
        {
            RegionMessages.PagesNotReplaced(file.RegionLogger, failure, range, path);
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
        }
    }

    /// <summary>
    /// An access failed. Counted each time; logged once for each cause, since code that reads on in a revoked region
    /// does so at each access.
    /// </summary>
    /// <returns>The fault, to be thrown.</returns>
    internal MappingFaultException Faulted(MappingFaultException fault)
    {
        if (_instruments.Faults is { Enabled: true } faults)
        {
            TagList tags = file.Tags;
            tags.Add(TagNames.Cause, TagNames.Of(fault.Cause));
            Instruments.Add(faults, 1, tags);
        }

        int cause = 1 << (int)fault.Cause;
        if ((Interlocked.Or(ref _loggedCauses, cause) & cause) == 0)
        {
            try
            {
                RegionMessages.Fault(file.RegionLogger, fault.Access, fault.Range, fault.Path, fault.Cause, fault.Message);
            }
            catch (Exception exception)
            {
                Watchers.Forgive(exception);
            }
        }

        return fault;
    }

    /// <summary>The time from which a persist is timed; 0 when nobody listens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal long PersistBegins() => _persists is { Enabled: true } || _persistedBytes is { Enabled: true } ? Stopwatch.GetTimestamp() : 0;

    /// <summary>The bytes are durable.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Persisted(long began, long length)
    {
        if (began != 0)
        {
            MeasurePersist(Stopwatch.GetElapsedTime(began), length);
        }
    }

    private void MeasurePersist(TimeSpan duration, long length)
    {
        if (_persistedBytes is { Enabled: true } bytes)
        {
            Instruments.Add(bytes, length, file.Tags);
        }

        if (_persists is { Enabled: true } persists)
        {
            Instruments.Record(persists, duration, file.Tags);
        }
    }
}
