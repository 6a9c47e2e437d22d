using System.Diagnostics.Metrics;
using DirectMap.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DirectMap.Tests.Telemetry;

public sealed class ServiceTelemetryTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Fact]
    public void The_loggers_and_meters_of_the_services_are_used_where_there_are_any()
    {
        RecordedLogs logs = new();
        using RecordedMeasurements measurements = new();
        using ServiceProvider provider = Provider(services =>
            services.AddSingleton<ILoggerFactory>(logs).AddSingleton<IMeterFactory>(measurements).AddDirectMap());

        UseOnce(provider.GetRequiredService<IDirectFileFactory>(), "a");

        Assert.Equal(["DirectMap.Files", "DirectMap.Regions", "DirectMap.Leases"], logs.Entries.Select(entry => entry.Category).Distinct());
        Assert.Equal("DirectMap", measurements.Single("directmap.lease.grants")["directmap.configuration"]);
        Assert.Equal("DirectMap", measurements.Single("directmap.persist.io")["directmap.configuration"]);
    }

    [Fact]
    public void Settings_go_before_the_services()
    {
        RecordedLogs ofServices = new();
        RecordedLogs ofSettings = new();
        using RecordedMeasurements metersOfServices = new();
        using RecordedMeasurements metersOfSettings = new();
        using ServiceProvider provider = Provider(services =>
            services.AddSingleton<ILoggerFactory>(ofServices).AddSingleton<IMeterFactory>(metersOfServices).AddDirectMap(options =>
            {
                options.LoggerFactory = ofSettings;
                options.MeterFactory = metersOfSettings;
            }));

        UseOnce(provider.GetRequiredService<IDirectFileFactory>(), "a");

        Assert.Empty(ofServices.Entries);
        Assert.Empty(metersOfServices.Published);
        Assert.NotEmpty(ofSettings.Entries);
        Assert.NotEmpty(metersOfSettings.Of("directmap.lease.grants"));
    }

    [Fact]
    public void Two_keyed_configurations_share_the_meter_of_AddMetrics_and_its_instruments_and_are_told_apart_by_name()
    {
        using ServiceProvider provider = Provider(services => services.AddMetrics().AddKeyedDirectMap("orders").AddKeyedDirectMap("logs"));
        Meter meter = provider.GetRequiredService<IMeterFactory>()
            .Create(new MeterOptions("DirectMap") { Version = DirectMap.Telemetry.Instruments.Version });
        List<string> published = [];
        List<(string Instrument, long Value, string? Configuration)> measured = [];
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == meter)
                {
                    published.Add(instrument.Name);
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            measured.Add((instrument.Name, value, (string?)new Dictionary<string, object?>(tags.ToArray())["directmap.configuration"])));
        listener.Start();

        UseOnce(provider.GetRequiredKeyedService<IDirectFileFactory>("orders"), "a");
        UseOnce(provider.GetRequiredKeyedService<IDirectFileFactory>("logs"), "b");
        using DirectFile file = provider.GetRequiredKeyedService<IDirectFileFactory>("logs").Open(_directory.File("b"));
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        listener.RecordObservableInstruments();

        Assert.Equal(published.Distinct(), published);
        Assert.Equal(13, published.Count);
        Assert.Equal(1, measured.Count(it => it is ("directmap.lease.grants", 1, "orders")));
        Assert.Equal(2, measured.Count(it => it is ("directmap.lease.grants", 1, "logs")));
        Assert.Contains(("directmap.active_leases", 0L, "orders"), measured);
        Assert.Contains(("directmap.active_leases", 1L, "logs"), measured);
        Assert.Contains(("directmap.active_regions", 0L, "orders"), measured);
        Assert.Contains(("directmap.active_regions", 1L, "logs"), measured);
    }

    [Fact]
    public void Without_services_the_meter_is_the_processs_own()
    {
        using ServiceProvider provider = Provider(services =>
            services.AddDirectMap(options => options.Name = "a configuration of this test"));
        List<long> granted = [];
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter is { Name: "DirectMap", Scope: null } && instrument.Name == "directmap.lease.grants")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            if (tags.Length == 1 && tags[0].Value is "a configuration of this test")
            {
                granted.Add(value);
            }
        });
        listener.Start();

        UseOnce(provider.GetRequiredService<IDirectFileFactory>(), "a");

        Assert.Equal([1], granted);
    }

    [Fact]
    public void A_coordinator_of_the_users_own_keeps_its_own_watchers_and_files_have_the_configurations()
    {
        RecordedLogs ofCoordinator = new();
        RecordedLogs ofServices = new();
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { LoggerFactory = ofCoordinator });
        using ServiceProvider provider = Provider(services =>
            services.AddSingleton<ILeaseCoordinator>(coordinator).AddSingleton<ILoggerFactory>(ofServices).AddDirectMap());

        UseOnce(provider.GetRequiredService<IDirectFileFactory>(), "a");

        Assert.All(ofCoordinator.Entries, entry => Assert.Equal("DirectMap.Leases", entry.Category));
        Assert.NotEmpty(ofCoordinator.Entries);
        Assert.Equal(["DirectMap.Files", "DirectMap.Regions"], ofServices.Entries.Select(entry => entry.Category).Distinct());
    }

    [Fact]
    public void The_meter_and_the_activities_have_the_assemblys_version()
    {
        using RecordedMeasurements measurements = new();
        _ = new LeaseCoordinator(new LeaseCoordinatorOptions { MeterFactory = measurements });

        Assert.Equal(DirectMap.Telemetry.Instruments.Version, measurements.Published.First().Meter.Version);
        Assert.False(string.IsNullOrEmpty(DirectMap.Telemetry.Instruments.Version));
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>One file, one lease, one break, one persist.</summary>
    private void UseOnce(IDirectFileFactory factory, string name)
    {
        using DirectFile file = factory.Create(_directory.File(name), 4096);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Persist(0, 8);
        using DirectFile other = factory.Open(_directory.File(name));
        Assert.Throws<LeaseConflictException>(() => other.Write([1], 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
    }

    private static ServiceProvider Provider(Action<ServiceCollection> configure)
    {
        ServiceCollection services = new();
        configure(services);
        return services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
    }
}
