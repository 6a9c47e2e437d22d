using System.Diagnostics.Metrics;
using DirectMap;
using DirectMap.Configuration;
using DirectMap.Telemetry;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers DirectMap as services.</summary>
/// <remarks>The members are safe for any thread as far as the collection is.</remarks>
public static class DirectMapServiceCollectionExtensions
{
    /// <summary>
    /// Registers one configuration as singletons: <see cref="IDirectFileFactory"/>, <see cref="ILeaseCoordinator"/> (and
    /// <see cref="LeaseCoordinator"/>), <see cref="IFaultPolicy"/> and <see cref="TimeProvider"/>.
    /// </summary>
    /// <remarks>
    /// What is registered already stays, so each can be replaced. <see cref="ILoggerFactory"/> and <see cref="IMeterFactory"/> are used
    /// where they are registered. Settings are validated when the host starts, or without one when the factory is first resolved, and read
    /// once.
    /// </remarks>
    /// <param name="services">Where.</param>
    /// <param name="configure">Sets the settings; null to leave them as they are. Called twice, both have their say.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static IServiceCollection AddDirectMap(this IServiceCollection services, Action<DirectMapOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        AddOptions(services, Options.Options.DefaultName, configure);
        services.TryAddSingleton<IFaultPolicy>(static provider => OptionsOf(provider, null).FaultPolicy ?? FaultPolicies.Strict);
        services.TryAddSingleton(static provider => new ConfiguredCoordinator(CreateCoordinator(provider, null)));
        if (services.Any(static service => service.ServiceType == typeof(LeaseCoordinator) && !service.IsKeyedService))
        {
            services.TryAddSingleton<ILeaseCoordinator>(static provider => provider.GetRequiredService<LeaseCoordinator>()); // the user's
        }

        services.TryAddSingleton<ILeaseCoordinator>(static provider => provider.GetRequiredService<ConfiguredCoordinator>().Coordinator);
        services.TryAddSingleton(provider => OwnCoordinator(services, provider, null));
        services.TryAddSingleton<IDirectFileFactory>(static provider =>
            CreateFactory(provider, null, provider.GetRequiredService<ILeaseCoordinator>(), provider.GetRequiredService<IFaultPolicy>()));
        return services;
    }

    /// <summary>
    /// Registers another configuration under a key, as <see cref="AddDirectMap"/> does: ask for it with <c>[FromKeyedServices(key)]</c>.
    /// </summary>
    /// <remarks>
    /// Its clock is the <see cref="TimeProvider"/> of that key, or else the one without a key. A file can be open under one configuration
    /// at a time.
    /// </remarks>
    /// <param name="services">Where.</param>
    /// <param name="serviceKey">The key; also the name of its options, and what it is called in messages.</param>
    /// <param name="configure">Sets the settings; null to leave them as they are.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> or <paramref name="serviceKey"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="serviceKey"/> is empty.</exception>
    public static IServiceCollection AddKeyedDirectMap(
        this IServiceCollection services, string serviceKey, Action<DirectMapOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(serviceKey);
        AddOptions(services, serviceKey, configure);
        services.TryAddKeyedSingleton<IFaultPolicy>(
            serviceKey, static (provider, key) => OptionsOf(provider, key).FaultPolicy ?? FaultPolicies.Strict);
        services.TryAddKeyedSingleton(serviceKey, static (provider, key) => new ConfiguredCoordinator(CreateCoordinator(provider, key)));
        if (services.Any(service =>
            service.ServiceType == typeof(LeaseCoordinator) && service.IsKeyedService && Equals(service.ServiceKey, serviceKey)))
        {
            // the user's
            services.TryAddKeyedSingleton<ILeaseCoordinator>(
                serviceKey, static (provider, key) => provider.GetRequiredKeyedService<LeaseCoordinator>(key));
        }

        services.TryAddKeyedSingleton<ILeaseCoordinator>(
            serviceKey, static (provider, key) => provider.GetRequiredKeyedService<ConfiguredCoordinator>(key).Coordinator);
        services.TryAddKeyedSingleton(serviceKey, (provider, key) => OwnCoordinator(services, provider, key));
        services.TryAddKeyedSingleton<IDirectFileFactory>(serviceKey, static (provider, key) =>
            CreateFactory(
                provider,
                key,
                provider.GetRequiredKeyedService<ILeaseCoordinator>(key),
                provider.GetRequiredKeyedService<IFaultPolicy>(key)));
        return services;
    }

    private static void AddOptions(IServiceCollection services, string name, Action<DirectMapOptions>? configure)
    {
        OptionsBuilder<DirectMapOptions> builder = services.AddOptions<DirectMapOptions>(name).ValidateOnStart();
        if (configure is not null)
        {
            builder.Configure(configure);
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DirectMapOptions>, DirectMapOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
    }

    private static DirectMapOptions OptionsOf(IServiceProvider provider, object? key) =>
        provider.GetRequiredService<IOptionsMonitor<DirectMapOptions>>().Get(key as string ?? Options.Options.DefaultName);

    private static string NameOf(DirectMapOptions options, object? key) => options.Name ?? key as string ?? DirectMapOptions.DefaultName;

    private static ILoggerFactory? LoggersOf(IServiceProvider provider, DirectMapOptions options) =>
        options.LoggerFactory ?? provider.GetService<ILoggerFactory>();

    private static IMeterFactory? MetersOf(IServiceProvider provider, DirectMapOptions options) =>
        options.MeterFactory ?? provider.GetService<IMeterFactory>();

    private static LeaseCoordinator CreateCoordinator(IServiceProvider provider, object? key)
    {
        TimeProvider time = (key is null ? null : provider.GetKeyedService<TimeProvider>(key))
            ?? provider.GetRequiredService<TimeProvider>();
        DirectMapOptions options = OptionsOf(provider, key);
        return options.CreateCoordinator(time, NameOf(options, key), LoggersOf(provider, options), MetersOf(provider, options));
    }

    /// <summary>
    /// What <see cref="LeaseCoordinator"/> is where the user has registered none: the one that the settings make, or the user's where it is
    /// registered as an object. It never asks for the <see cref="ILeaseCoordinator"/>, which may be made over this one.
    /// </summary>
    private static LeaseCoordinator OwnCoordinator(IServiceCollection services, IServiceProvider provider, object? key)
    {
        ServiceDescriptor? last = services.LastOrDefault(service =>
            service.ServiceType == typeof(ILeaseCoordinator) && Equals(service.ServiceKey, key));
        return InstanceOf(last) switch
        {
            null => provider.GetRequiredKeyedService<ConfiguredCoordinator>(key).Take(),
            LeaseCoordinator own => own,
            var other => throw new InvalidOperationException(
                $"The {nameof(ILeaseCoordinator)} that is registered is not a {nameof(LeaseCoordinator)}, but a {other.GetType()}."),
        };
    }

    private static object? InstanceOf(ServiceDescriptor? service) =>
        service is null ? null : service.IsKeyedService ? service.KeyedImplementationInstance : service.ImplementationInstance;

    /// <summary>A setting that nothing would heed is a mistake, and said to be one.</summary>
    private static DirectFileFactory CreateFactory(
        IServiceProvider provider, object? key, ILeaseCoordinator coordinator, IFaultPolicy policy)
    {
        DirectMapOptions options = OptionsOf(provider, key);
        string name = NameOf(options, key);
        if (options.FaultPolicy is { } wanted && !ReferenceEquals(wanted, policy))
        {
            throw new InvalidOperationException(
                $"Configuration '{name}' sets {nameof(DirectMapOptions.FaultPolicy)}, but another {nameof(IFaultPolicy)} is registered as "
                    + "a service: keep one of them.");
        }

        if (options.SettingOfCoordinator is { } setting
            && provider.GetRequiredKeyedService<ConfiguredCoordinator>(key) is var configured
            && !ReferenceEquals(coordinator, configured.Coordinator)
            && !configured.IsTaken)
        {
            throw new InvalidOperationException(
                $"Configuration '{name}' sets {setting}, but another {nameof(ILeaseCoordinator)} is registered as a service, "
                    + "which has its own: keep one of them.");
        }

        if (coordinator is LeaseCoordinator && !ReferenceEquals(coordinator, provider.GetRequiredKeyedService<LeaseCoordinator>(key)))
        {
            throw new InvalidOperationException(
                $"Configuration '{name}': the {nameof(ILeaseCoordinator)} and the {nameof(LeaseCoordinator)} that are registered as "
                    + $"services are two; register the one before {nameof(AddDirectMap)} that is to arbitrate.");
        }

        return new DirectFileFactory(new FileConfiguration(
            name, coordinator, policy, options.Backing, new FileEvents(name, LoggersOf(provider, options), MetersOf(provider, options)))
        {
            Guard = options.GuardOptions
        });
    }

    /// <summary>The coordinator that the settings make, whether it is the one in use or not.</summary>
    private sealed class ConfiguredCoordinator(LeaseCoordinator coordinator)
    {
        internal LeaseCoordinator Coordinator => coordinator;

        /// <summary>Whether somebody has asked for it by its own type, who may have made a coordinator over it.</summary>
        internal bool IsTaken { get; private set; }

        internal LeaseCoordinator Take()
        {
            IsTaken = true;
            return coordinator;
        }
    }
}
