using DirectMap.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace DirectMap.Tests.DependencyInjection;

/// <summary>What the ways of registering a coordinator of the user's mean.</summary>
public sealed class CoordinatorRegistrationTests
{
    [Theory]
    [InlineData(null, false)]
    [InlineData(null, true)]
    [InlineData("orders", false)]
    [InlineData("orders", true)]
    public void A_coordinator_over_the_one_that_the_settings_make_arbitrates(string? key, bool isRegisteredBefore)
    {
        using ServiceProvider provider = Provider(services =>
        {
            if (isRegisteredBefore)
            {
                Wrap(services);
            }

            Add(services, key, options => options.LeaseBreakTime = TimeSpan.FromSeconds(7));
            if (!isRegisteredBefore)
            {
                Wrap(services);
            }
        });

        ILeaseCoordinator coordinator = provider.GetRequiredKeyedService<IDirectFileFactory>(key).Coordinator;

        Assert.IsType<PassingCoordinator>(coordinator);
        Assert.Same(coordinator, provider.GetRequiredKeyedService<ILeaseCoordinator>(key));
        Assert.Equal(TimeSpan.FromSeconds(7), coordinator.LeaseBreakTime);
        Assert.Equal(TimeSpan.FromSeconds(7), provider.GetRequiredKeyedService<LeaseCoordinator>(key).LeaseBreakTime);

        void Wrap(IServiceCollection services) => _ = key is null
            ? services.AddSingleton<ILeaseCoordinator>(static at => new PassingCoordinator(at.GetRequiredService<LeaseCoordinator>()))
            : services.AddKeyedSingleton<ILeaseCoordinator>(
                key, static (at, of) => new PassingCoordinator(at.GetRequiredKeyedService<LeaseCoordinator>(of)));
    }

    [Fact]
    public void A_coordinator_over_one_of_the_users_own_arbitrates_and_a_setting_for_another_is_refused()
    {
        LeaseCoordinator own = new();
        foreach (bool sets in new[] { false, true })
        {
            using ServiceProvider provider = Provider(services => services
                .AddSingleton(own)
                .AddSingleton<ILeaseCoordinator>(static at => new PassingCoordinator(at.GetRequiredService<LeaseCoordinator>()))
                .AddDirectMap(options => options.LeaseBreakTime = sets ? TimeSpan.FromSeconds(7) : null));

            Assert.Same(own, provider.GetRequiredService<LeaseCoordinator>());
            Exception? refusal = Record.Exception(provider.GetRequiredService<IDirectFileFactory>);
            Assert.Equal(sets, refusal is InvalidOperationException);
        }
    }

    /// <summary>Which one the registration makes is not known until it is asked, so it would be another one than the service.</summary>
    [Fact]
    public void One_of_the_users_own_is_registered_as_an_object_or_by_its_own_type()
    {
        LeaseCoordinator own = new();
        using ServiceProvider asObject = Provider(services => services.AddDirectMap().AddSingleton<ILeaseCoordinator>(own));
        Assert.Same(own, asObject.GetRequiredService<IDirectFileFactory>().Coordinator);
        Assert.Same(own, asObject.GetRequiredService<LeaseCoordinator>());

        using ServiceProvider made = Provider(services => services.AddDirectMap().AddSingleton<ILeaseCoordinator>(_ => own));
        Assert.Throws<InvalidOperationException>(made.GetRequiredService<IDirectFileFactory>);
    }

    private static ServiceProvider Provider(Action<ServiceCollection> configure)
    {
        ServiceCollection services = new();
        configure(services);
        return services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
    }

    private static void Add(IServiceCollection services, string? key, Action<DirectMapOptions> configure) =>
        _ = key is null ? services.AddDirectMap(configure) : services.AddKeyedDirectMap(key, configure);
}
