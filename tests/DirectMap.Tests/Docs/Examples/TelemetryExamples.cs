using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DirectMap.Tests.Docs.Examples;

/// <summary>The code of docs/telemetry.md, run.</summary>
public sealed class TelemetryExamples
{
    [Fact]
    public void Services()
    {
        #region telemetry services
        ServiceCollection services = new();
        services.AddLogging(logging => logging.AddFilter("DirectMap", LogLevel.Information));
        services.AddMetrics();
        services.AddDirectMap();
        #endregion

        using ServiceProvider provider = services.BuildServiceProvider();
        Assert.NotNull(provider.GetRequiredService<IDirectFileFactory>());
    }

    [Fact]
    public void Listener()
    {
        #region telemetry listener
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "DirectMap")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, state) => Console.WriteLine($"{instrument.Name} {value}"));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, state) => Console.WriteLine($"{instrument.Name} {value} {instrument.Unit}"));
        listener.Start();
        #endregion

        bool measures = false;
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, state) => measures |= instrument.Name == "directmap.lease.granted");
        new LeaseCoordinator().Acquire(new LeaseRequest { File = new FileId(1, 2, 3), Owner = new object() }).Dispose();
        Assert.True(measures);
    }
}
