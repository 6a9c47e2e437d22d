using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Telemetry;

/// <summary>A meter factory of its own, and a listener to its meters: tests that run at the same time do not see each other.</summary>
internal sealed class RecordedMeasurements : IMeterFactory
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, Meter> _meters = new();
    private readonly ConcurrentQueue<Measured> _measured = new();

    internal RecordedMeasurements(bool listens = true)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (_meters.Values.Contains(instrument.Meter))
            {
                Published.Enqueue(instrument);
                if (listens)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>What the listener does after it has kept a measurement.</summary>
    internal Action? Afterwards { get; init; }

    internal ConcurrentQueue<Instrument> Published { get; } = new();

    internal sealed record Measured(string Instrument, double Value, IReadOnlyDictionary<string, object?> Tags)
    {
        internal string? this[string tag] => (string?)Tags.GetValueOrDefault(tag);
    }

    internal Measured[] Of(string instrument) => [.. _measured.Where(measured => measured.Instrument == instrument)];

    /// <summary>The one measurement of that instrument; it may be on its way.</summary>
    internal Measured Single(string instrument)
    {
        Soon.Until(() => Of(instrument).Length > 0, $"{instrument} is measured");
        return Assert.Single(Of(instrument));
    }

    /// <summary>What the observable instruments say now.</summary>
    internal Measured[] Observe(string instrument)
    {
        _measured.Clear();
        _listener.RecordObservableInstruments();
        return Of(instrument);
    }

    public Meter Create(MeterOptions options) => _meters.GetOrAdd(options.Name, name => new Meter(options));

    public void Dispose()
    {
        _listener.Dispose();
        foreach (Meter meter in _meters.Values)
        {
            meter.Dispose();
        }
    }

    private void Take<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        where T : struct, IConvertible
    {
        _measured.Enqueue(new Measured(instrument.Name, value.ToDouble(null), new Dictionary<string, object?>(tags.ToArray())));
        Afterwards?.Invoke();
    }
}
