using DirectMap.Configuration;
using DirectMap.Tests.Infrastructure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Moq;

namespace DirectMap.Tests.DependencyInjection;

public sealed class AddDirectMapTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Fact]
    public void Everything_is_a_singleton_that_can_be_asked_for()
    {
        using ServiceProvider provider = Provider(services => services.AddDirectMap());

        foreach (Type service in new[]
        {
            typeof(IDirectFileFactory), typeof(ILeaseCoordinator), typeof(LeaseCoordinator), typeof(IFaultPolicy), typeof(TimeProvider)
        })
        {
            Assert.Same(provider.GetRequiredService(service), provider.GetRequiredService(service));
        }

        Assert.Same(provider.GetRequiredService<LeaseCoordinator>(), provider.GetRequiredService<IDirectFileFactory>().Coordinator);
        Assert.Same(FaultPolicies.Strict, provider.GetRequiredService<IFaultPolicy>());
    }

    [Fact]
    public void The_settings_reach_the_coordinator()
    {
        List<Exception> failures = [];
        using ServiceProvider provider = Provider(services => services.AddDirectMap(options =>
        {
            options.LeaseBreakTime = TimeSpan.FromSeconds(5);
            options.CallbackFailed = failures.Add;
            options.Diagnostics = _ => { };
        }));
        LeaseCoordinator coordinator = provider.GetRequiredService<LeaseCoordinator>();

        Assert.Equal(TimeSpan.FromSeconds(5), coordinator.LeaseBreakTime);
        Assert.NotNull(coordinator.Diagnostics);
        coordinator.CallbackFailed!(new IOException());
        Assert.Single(failures);
    }

    [Theory]
    [InlineData("Files:FaultPolicy", "FaultPolicy")]
    [InlineData("Files:faultpolicy", "FaultPolicy")]
    [InlineData("Files:FaultPolicy:Kind", "FaultPolicy")]
    [InlineData("Files:LoggerFactory", "LoggerFactory")]
    [InlineData("Files:MeterFactory:Name", "MeterFactory")]
    [InlineData("Files:Diagnostics", "Diagnostics")]
    [InlineData("Files:CallbackFailed", "CallbackFailed")]
    public void A_setting_that_only_code_has_is_refused_in_a_configuration_and_its_key_named(string key, string setting)
    {
        using ServiceProvider provider = Configured(key);

        OptionsValidationException refusal = Assert.Throws<OptionsValidationException>(provider.GetRequiredService<IDirectFileFactory>);

        Assert.Contains($"'Files:{setting}'", refusal.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("Files:Policy")]
    [InlineData("FaultPolicy")]
    public void Other_keys_of_a_configuration_that_are_not_known_are_ignored(string key)
    {
        using ServiceProvider provider = Configured(key);

        Assert.Equal(TimeSpan.FromSeconds(2), provider.GetRequiredService<IDirectFileFactory>().Coordinator.LeaseBreakTime);
    }

    [Fact]
    public void Without_a_break_time_it_is_the_systems()
    {
        using ServiceProvider provider = Provider(services => services.AddDirectMap());

        Assert.Equal(SystemSettings.LeaseBreakTime(), provider.GetRequiredService<ILeaseCoordinator>().LeaseBreakTime);
    }

    [Fact]
    public void Two_calls_both_have_their_say_and_register_once()
    {
        ServiceCollection services = new();
        services.AddDirectMap(options => options.LeaseBreakTime = TimeSpan.FromSeconds(5));
        int count = services.Count(service => service.ServiceType == typeof(IDirectFileFactory));
        services.AddDirectMap(options => options.Name = "orders");

        using ServiceProvider provider = services.BuildServiceProvider();
        DirectFileFactory factory = Assert.IsType<DirectFileFactory>(provider.GetRequiredService<IDirectFileFactory>());
        Assert.Equal((1, 1), (count, services.Count(service => service.ServiceType == typeof(IDirectFileFactory))));
        Assert.Equal(("orders", TimeSpan.FromSeconds(5)), (factory.Name, factory.Coordinator.LeaseBreakTime));
    }

    [Fact]
    public void The_clock_of_the_services_is_the_clock_of_deadlines()
    {
        ManualTimeProvider clock = new();
        using ServiceProvider provider = Provider(services =>
            services.AddSingleton<TimeProvider>(clock).AddDirectMap(options => options.LeaseBreakTime = TimeSpan.FromSeconds(5)));
        IDirectFileFactory factory = provider.GetRequiredService<IDirectFileFactory>();
        using DirectFile file = factory.Create(_directory.File("a"), 4096);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using DirectFile other = factory.Open(_directory.File("a"));

        Assert.Throws<LeaseConflictException>(() => other.SetLength(0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));

        Assert.Equal(clock.GetUtcNow() + TimeSpan.FromSeconds(5), region.Lease!.CurrentBreak!.Deadline);
    }

    [Fact]
    public void What_is_registered_before_stays()
    {
        Mock<ILeaseCoordinator> coordinator = new();
        Mock<IFaultPolicy> policy = new();
        Mock<IDirectFileFactory> factory = new();
        using ServiceProvider provider = Provider(services =>
            services.AddSingleton(coordinator.Object).AddSingleton(policy.Object).AddSingleton(factory.Object).AddDirectMap());

        Assert.Same(factory.Object, provider.GetRequiredService<IDirectFileFactory>());
        Assert.Same(coordinator.Object, provider.GetRequiredService<ILeaseCoordinator>());
        Assert.Same(policy.Object, provider.GetRequiredService<IFaultPolicy>());
        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(provider.GetRequiredService<LeaseCoordinator>);
        Assert.Contains(coordinator.Object.GetType().ToString(), exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("orders")]
    public void A_coordinator_that_is_registered_before_as_what_it_is_arbitrates(string? key)
    {
        LeaseCoordinator own = new(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromSeconds(7) });
        using ServiceProvider provider = Provider(services =>
        {
            _ = key is null ? services.AddSingleton(own) : services.AddKeyedSingleton(key, own);
            Add(services, key, _ => { });
        });

        Assert.Same(own, provider.GetRequiredKeyedService<IDirectFileFactory>(key).Coordinator);
        Assert.Same(own, provider.GetRequiredKeyedService<ILeaseCoordinator>(key));
    }

    [Fact]
    public void Two_coordinators_of_which_one_would_arbitrate_nothing_are_refused()
    {
        using ServiceProvider provider = Provider(services => services.AddDirectMap().AddSingleton(new LeaseCoordinator()));

        Assert.Throws<InvalidOperationException>(provider.GetRequiredService<IDirectFileFactory>);
    }

    [Fact]
    public void A_policy_of_the_users_judges_the_files()
    {
        Mock<IFaultPolicy> policy = new();
        policy.Setup(it => it.EvaluateFile(It.Ref<FileFacts>.IsAny))
            .Returns(PolicyDecision.Refuse(RefusalReason.NotDaxCapable, "not on a Sunday"));
        using ServiceProvider provider = Provider(services => services.AddSingleton(policy.Object).AddDirectMap());
        using DirectFile file = provider.GetRequiredService<IDirectFileFactory>().Create(_directory.File("a"), 4096);

        MapRefusedException refusal = Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.DirectOrEmulated));

        Assert.Contains("not on a Sunday", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_in_the_settings_judges_the_files_and_is_the_service()
    {
        using ServiceProvider provider = Provider(services =>
            services.AddDirectMap(options => options.FaultPolicy = FaultPolicies.Permissive));
        using DirectFile file = provider.GetRequiredService<IDirectFileFactory>().Create(_directory.File("a"), 4096);

        file.SetLength(8192);
        file.Map().Dispose(); // with a hole: the strict policy would refuse

        Assert.Same(FaultPolicies.Permissive, provider.GetRequiredService<IFaultPolicy>());
    }

    [Theory]
    [InlineData("LeaseBreakTime")]
    [InlineData("CallbackFailed")]
    [InlineData("Diagnostics")]
    [InlineData("FaultPolicy")]
    public void A_setting_that_nothing_would_heed_is_refused_by_name(string setting)
    {
        using ServiceProvider provider = Provider(services => services
            .AddSingleton<ILeaseCoordinator>(new LeaseCoordinator()).AddSingleton(new Mock<IFaultPolicy>().Object)
            .AddDirectMap(options => Set(options, setting)));

        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(provider.GetRequiredService<IDirectFileFactory>);

        Assert.Contains(setting, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1L)]
    [InlineData((int.MaxValue * TimeSpan.TicksPerMillisecond) + 1)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public void A_break_time_out_of_range_is_refused_at_the_first_resolve(long ticks)
    {
        using ServiceProvider provider = Provider(services =>
            services.AddDirectMap(options => options.LeaseBreakTime = new TimeSpan(ticks)));

        OptionsValidationException exception = Assert.Throws<OptionsValidationException>(provider.GetRequiredService<IDirectFileFactory>);

        Assert.Contains(nameof(DirectMapOptions.LeaseBreakTime), exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(int.MaxValue * TimeSpan.TicksPerMillisecond)]
    public void The_bounds_of_the_break_time_are_within_it(long ticks)
    {
        using ServiceProvider provider = Provider(services =>
            services.AddDirectMap(options => options.LeaseBreakTime = new TimeSpan(ticks)));

        Assert.Equal(ticks, provider.GetRequiredService<ILeaseCoordinator>().LeaseBreakTime.Ticks);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("orders")]
    public async Task A_host_does_not_start_with_bad_settings(string? key)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        Add(builder.Services, key, options => options.LeaseBreakTime = TimeSpan.FromTicks(-1));
        using IHost host = builder.Build();

        await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Two_keyed_configurations_are_two_and_refuse_each_others_open_files_by_name()
    {
        await using ServiceProvider provider = Provider(services => services
            .AddKeyedDirectMap("orders", options => options.LeaseBreakTime = TimeSpan.FromSeconds(1))
            .AddKeyedDirectMap("logs", options => options.LeaseBreakTime = TimeSpan.FromSeconds(2)));
        IDirectFileFactory orders = provider.GetRequiredKeyedService<IDirectFileFactory>("orders");
        IDirectFileFactory logs = provider.GetRequiredKeyedService<IDirectFileFactory>("logs");
        using DirectFile file = orders.Create(_directory.File("a"), 4096);

        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(() => logs.Open(_directory.File("a")));

        Assert.Equal(
            (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)), (orders.Coordinator.LeaseBreakTime, logs.Coordinator.LeaseBreakTime));
        Assert.Same(orders.Coordinator, provider.GetRequiredKeyedService<LeaseCoordinator>("orders"));
        Assert.Contains("'orders'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("'logs'", exception.Message, StringComparison.Ordinal);
        Assert.Null(provider.GetService<IDirectFileFactory>());
        file.Dispose();
        logs.Open(_directory.File("a")).Dispose(); // nobody has it open any more
    }

    [Fact]
    public void The_static_members_are_a_configuration_of_their_own()
    {
        using ServiceProvider provider = Provider(services => services.AddDirectMap());
        using DirectFile file = DirectFile.Create(_directory.File("a"), 4096);

        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(() =>
            provider.GetRequiredService<IDirectFileFactory>().Open(_directory.File("a")));

        Assert.Contains($"configuration 'default' ({DirectFileFactory.Default.Coordinator})", exception.Message, StringComparison.Ordinal);
        Assert.Contains(
            $"configuration 'DirectMap' ({provider.GetRequiredService<ILeaseCoordinator>()})", exception.Message, StringComparison.Ordinal);
        using DirectFile same = DirectFileFactory.Default.Open(_directory.File("a"));
        Assert.Equal(file.Id, same.Id);
    }

    [Fact]
    public void Two_containers_with_the_same_names_can_be_told_apart_in_the_message()
    {
        using ServiceProvider one = Provider(services => services.AddDirectMap());
        using ServiceProvider two = Provider(services => services.AddDirectMap());
        using DirectFile file = one.GetRequiredService<IDirectFileFactory>().Create(_directory.File("a"), 4096);

        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(() =>
            two.GetRequiredService<IDirectFileFactory>().Open(_directory.File("a")));

        Assert.Contains($"({one.GetRequiredService<ILeaseCoordinator>()})", exception.Message, StringComparison.Ordinal);
        Assert.Contains($"({two.GetRequiredService<ILeaseCoordinator>()})", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Configurations_that_share_a_coordinator_share_files()
    {
        LeaseCoordinator coordinator = new();
        DirectFileFactory one = new(new DirectMapOptions { Name = "one" }, coordinator);
        DirectFileFactory two = new(new DirectMapOptions { Name = "two" }, coordinator);
        using DirectFile file = one.Create(_directory.File("a"), 4096);
        using DirectFile same = two.Open(_directory.File("a"));

        Assert.Equal(file.Id, same.Id);
    }

    [Fact]
    public void A_keyed_configuration_has_the_clock_of_its_key_or_else_the_one_without()
    {
        ManualTimeProvider clock = new();
        ManualTimeProvider other = new();
        using ServiceProvider provider = Provider(services => services
            .AddSingleton<TimeProvider>(clock).AddKeyedSingleton<TimeProvider>("orders", other)
            .AddKeyedDirectMap("orders").AddKeyedDirectMap("logs"));

        Assert.Same(other, provider.GetRequiredKeyedService<ILeaseCoordinator>("orders").TimeProvider);
        Assert.Same(clock, provider.GetRequiredKeyedService<ILeaseCoordinator>("logs").TimeProvider);
    }

    [Fact]
    public void Bad_arguments_are_refused()
    {
        Assert.Throws<ArgumentNullException>(() => DirectMapServiceCollectionExtensions.AddDirectMap(null!));
        Assert.Throws<ArgumentNullException>(() => DirectMapServiceCollectionExtensions.AddKeyedDirectMap(null!, "orders"));
        Assert.Throws<ArgumentNullException>(() => new ServiceCollection().AddKeyedDirectMap(null!));
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddKeyedDirectMap(""));
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Settings from a configuration that has this key, too.</summary>
    private static ServiceProvider Configured(string key)
    {
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Files:LeaseBreakTime"] = "00:00:02", [key] = "Permissive" })
            .Build();
        return Provider(services => services.AddDirectMap().Configure<DirectMapOptions>(configuration.GetSection("Files")));
    }

    private static ServiceProvider Provider(Action<ServiceCollection> configure)
    {
        ServiceCollection services = new();
        configure(services);
        return services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
    }

    private static void Add(IServiceCollection services, string? key, Action<DirectMapOptions> configure) =>
        _ = key is null ? services.AddDirectMap(configure) : services.AddKeyedDirectMap(key, configure);

    private static void Set(DirectMapOptions options, string setting) => _ = setting switch
    {
        "LeaseBreakTime" => (object?)(options.LeaseBreakTime = TimeSpan.FromSeconds(1)),
        "CallbackFailed" => options.CallbackFailed = _ => { }
        ,
        "Diagnostics" => options.Diagnostics = _ => { }
        ,
        _ => options.FaultPolicy = FaultPolicies.Permissive,
    };
}
