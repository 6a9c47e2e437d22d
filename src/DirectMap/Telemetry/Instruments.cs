using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using System.Runtime.CompilerServices;
using DirectMap.Threading;

namespace DirectMap.Telemetry;

/// <summary>
/// The instruments of one meter. Configurations that get the same meter of one IMeterFactory share them, and are told apart by a tag: an
/// instrument that is created twice would be published, and counted, twice. Each is null when a listener threw while it was published: then
/// it measures nothing.
/// </summary>
internal sealed class Instruments
{
    internal const string Name = "DirectMap";

    /// <summary>From a callback that lets go at once to a break time of a minute.</summary>
    private static readonly InstrumentAdvice<double> s_breakTimes = new()
    {
        HistogramBucketBoundaries = [0.00001, 0.0001, 0.001, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 45, 60, 120]
    };

    /// <summary>From msync of a file in memory to a disk that is busy.</summary>
    private static readonly InstrumentAdvice<double> s_persistTimes = new()
    {
        HistogramBucketBoundaries = [0.000001, 0.00001, 0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5]
    };

    private static readonly ConditionalWeakTable<Meter, Instruments> s_all = [];
    private static readonly Meter s_meter = Unloading.EndsWith(new Meter(OptionsOfMeter()));

    private readonly Observed<ILeaseCount> _coordinators = new();
    private readonly Observed<RegionCounts> _regions = new();
    private int _published;

    /// <summary>The assembly's version, as its sources are known by; of the meter and of the activity source.</summary>
    internal static string? Version { get; } = typeof(Instruments).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;

    internal Counter<long>? LeasesGranted { get; private set; }

    internal Counter<long>? Breaks { get; private set; }

    internal Histogram<double>? BreakWaits { get; private set; }

    internal Histogram<double>? BreakHolds { get; private set; }

    internal Counter<long>? Revocations { get; private set; }

    internal Counter<long>? Faults { get; private set; }

    internal Counter<long>? Trespasses { get; private set; }

    internal Counter<long>? ProtectionChanges { get; private set; }

    internal Counter<long>? PersistedBytes { get; private set; }

    internal Histogram<double>? Persists { get; private set; }

    /// <summary>Those of the factory's meter; without a factory those of the process.</summary>
    internal static Instruments Of(IMeterFactory? factory)
    {
        Meter meter = factory?.Create(OptionsOfMeter()) ?? s_meter;
        Instruments? found = null;
        Uninterrupted.Run(meter, meter => found = s_all.GetValue(meter, static _ => new Instruments()));
        Instruments instruments = found!;
        if (Interlocked.Exchange(ref instruments._published, 1) == 0)
        {
            // No lock is held: listeners are called. Who comes at the same moment finds instruments that are not there yet, and measures
            // nothing for that moment.
            instruments.Publish(meter);
        }

        return instruments;
    }

    /// <summary>Counts the coordinator's leases from now on, as long as it lives.</summary>
    internal void Observe(string? configuration, ILeaseCount coordinator) => _coordinators.Add(configuration, coordinator);

    /// <summary>Counts the regions from now on, as long as there can be any.</summary>
    internal void Observe(string? configuration, RegionCounts regions) => _regions.Add(configuration, regions);

    /// <summary>Never throws: see <see cref="Watchers"/>.</summary>
    internal static void Add(Counter<long> counter, long count, in TagList tags)
    {
        try
        {
            counter.Add(count, tags);
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
        }
    }

    /// <summary>Never throws: see <see cref="Watchers"/>.</summary>
    internal static void Record(Histogram<double> durations, TimeSpan duration, in TagList tags)
    {
        try
        {
            durations.Record(duration.TotalSeconds, tags);
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
        }
    }

    private static MeterOptions OptionsOfMeter() => new(Name) { Version = Version };

    private void Publish(Meter meter)
    {
        LeasesGranted = Create(() => meter.CreateCounter<long>("directmap.lease.grants", "{grant}", "Leases granted."));
        Create(() => meter.CreateObservableUpDownCounter(
            "directmap.active_leases",
            () => _coordinators.Measure(static coordinator => coordinator.LeasesInForce),
            "{lease}",
            "Leases in force, those that are being broken included."));
        Breaks = Create(() =>
            meter.CreateCounter<long>("directmap.breaks", "{break}", "Breaks begun, each of one lease or of several."));
        BreakWaits = Create(() => meter.CreateHistogram(
            "directmap.break.wait.duration",
            "s",
            "How long breakers that found leases or other breakers in their way waited.",
            null,
            s_breakTimes));
        BreakHolds = Create(() => meter.CreateHistogram(
            "directmap.break.hold.duration", "s", "How long broken leases were held from the beginning of the break.", null, s_breakTimes));
        Revocations = Create(() => meter.CreateCounter<long>(
            "directmap.revocations", "{revocation}", "Leases that were revoked at their deadline, or could not be."));
        Faults = Create(() => meter.CreateCounter<long>(
            "directmap.faults", "{fault}", "Accesses and persists that failed with a MappingFaultException."));
        Trespasses = Create(() => meter.CreateCounter<long>(
            "directmap.trespasses", "{trespass}", "Changes of files that did not ask first, as far as they were told."));
        ProtectionChanges = Create(() => meter.CreateCounter<long>(
            "directmap.protection.changes", "{change}", "Changes of the level at which files are protected."));
        PersistedBytes = Create(() =>
            meter.CreateCounter<long>("directmap.persist.io", "By", "Bytes that a region was asked to make durable, and has."));
        Persists = Create(() => meter.CreateHistogram(
            "directmap.persist.duration", "s", "How long a region took to make bytes durable when it succeeded.", null, s_persistTimes));
        Create(() => meter.CreateObservableUpDownCounter(
            "directmap.active_regions",
            () => _regions.Measure(static regions => regions.Active),
            "{region}",
            "Regions mapped, and neither disposed nor revoked."));
        Create(() => meter.CreateObservableUpDownCounter(
            "directmap.replaced_ranges",
            () => _regions.Measure(static regions => regions.Replaced),
            "{range}",
            "Address ranges of disposed or revoked regions that are still referenced."));
    }

    private static T? Create<T>(Func<T> create)
        where T : Instrument
    {
        try
        {
            return create();
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
            return null;
        }
    }
}
