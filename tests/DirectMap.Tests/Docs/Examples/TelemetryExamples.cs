using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DirectMap.Tests.Docs.Examples;

internal static class TelemetryExamples
{
    [Example]
    internal static void Services()
    {
        // begin Services
        ServiceCollection services = new();
        services.AddLogging(logging => logging.AddFilter("DirectMap", LogLevel.Information));
        services.AddMetrics();
        services.AddDirectMap();
        // end

        using ServiceProvider provider = services.BuildServiceProvider();
        Assert.NotNull(provider.GetRequiredService<IDirectFileFactory>());
    }

    [Example]
    internal static void Listener()
    {
        // begin Listener
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

        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Persist(0, 8);
        // end
    }
}
