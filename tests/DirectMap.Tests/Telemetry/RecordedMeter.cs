using System.Diagnostics.Metrics;

namespace DirectMap.Tests.Telemetry;

/// <summary>A meter, and a listener that counts without taking memory, or none.</summary>
internal sealed class RecordedMeter : IMeterFactory
{
    private readonly MeterListener _listener = new();
    private readonly Meter _meter = new("DirectMap");
    private readonly string[] _names = ["directmap.lease.grants", "directmap.persist.io", "directmap.persist.duration"];
    private readonly long[] _counts = new long[3];

    internal RecordedMeter(bool listens)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == _meter)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, _, _, _) => Count(instrument));
        _listener.SetMeasurementEventCallback<double>((instrument, _, _, _) => Count(instrument));
        if (listens)
        {
            _listener.Start();
        }
    }

    internal long Count(string instrument) => _counts[Array.IndexOf(_names, instrument)];

    public Meter Create(MeterOptions options) => _meter;

    public void Dispose()
    {
        _listener.Dispose();
        _meter.Dispose();
    }

    private void Count(Instrument instrument)
    {
        int index = Array.IndexOf(_names, instrument.Name);
        if (index >= 0)
        {
            _counts[index]++;
        }
    }
}
