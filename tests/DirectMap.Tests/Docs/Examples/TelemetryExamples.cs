using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace DirectMap.Tests.Docs.Examples;

internal static class TelemetryExamples
{
    [Example]
    internal static void Services()
    {
        // begin Services
        ServiceCollection services = new();
        services.AddLogging(logging => logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        }));
        services.AddMetrics();
        services.AddDirectMap();
        using ServiceProvider provider = services.BuildServiceProvider();

        File.Delete("orders.pmem");
        IDirectFileFactory files = provider.GetRequiredService<IDirectFileFactory>();
        using DirectFile file = files.Create("orders.pmem", length: 1 << 20);
        file.PunchHole(0, 65536);
        try
        {
            file.Map(MapOptions.DirectOrEmulated);
        }
        catch (MapRefusedException)
        {
            file.Prepare();
        }

        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { OnBreak = (self, why) => self.Dispose() });
        using DirectFile other = files.Open("orders.pmem");
        other.Write([1, 2, 3], fileOffset: 0);
        // end
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
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, state) =>
            Console.WriteLine($"{instrument.Name} {value} {instrument.Unit}"));
        listener.Start();

        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Persist(0, 8);
        // end
    }

    [Example]
    internal static void Activities()
    {
        // begin Activities
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == "DirectMap",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => Console.WriteLine(
                $"{activity.OperationName}: {activity.GetTagItem("directmap.operation")}, {activity.GetTagItem("directmap.outcome")}"),
        };
        ActivitySource.AddActivityListener(listener);

        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { OnBreak = (self, why) => self.Dispose() });
        using DirectFile other = DirectFile.Open("orders.pmem");
        other.Write([1, 2, 3], fileOffset: 0);                        // finds a holder in its way
        // end
    }
}
