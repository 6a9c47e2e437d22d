using System.Globalization;
using DirectMap.Configuration;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Configuration;

/// <summary>Settings that come with no container. Those of services: DependencyInjection.</summary>
public sealed class SettingsTests
{
    [Fact]
    public void The_systems_break_time_is_what_proc_says()
    {
        const string File = "/proc/sys/fs/lease-break-time";
        Requires.Have("lease-break-time", System.IO.File.Exists(File), "needs " + File);

        Assert.Equal(
            int.Parse(System.IO.File.ReadAllText(File), CultureInfo.InvariantCulture), SystemSettings.LeaseBreakTime().TotalSeconds);
    }

    [Fact]
    public void A_factory_made_by_hand_is_held_to_the_same_ranges()
    {
        Assert.Throws<ArgumentException>(() => new DirectFileFactory(new DirectMapOptions { LeaseBreakTime = TimeSpan.FromTicks(-1) }));
        Assert.Throws<ArgumentException>(() => new DirectFileFactory(new DirectMapOptions { Name = "" }));
        Assert.Throws<ArgumentException>(() =>
            new DirectFileFactory(new DirectMapOptions { LeaseBreakTime = TimeSpan.Zero }, new LeaseCoordinator()));
        Assert.Throws<ArgumentNullException>(() => new DirectFileFactory((DirectMapOptions)null!));
        Assert.Equal(
            TimeSpan.Zero, new DirectFileFactory(new DirectMapOptions { LeaseBreakTime = TimeSpan.Zero }).Coordinator.LeaseBreakTime);
    }

    [Theory]
    [InlineData("LeaseBreakTime")]
    [InlineData("CallbackFailed")]
    [InlineData("Diagnostics")]
    [InlineData(null)]
    public void A_setting_that_only_a_coordinator_heeds_is_known_by_name(string? setting)
    {
        DirectMapOptions options = new()
        {
            LeaseBreakTime = setting == "LeaseBreakTime" ? TimeSpan.FromSeconds(1) : null,
            CallbackFailed = setting == "CallbackFailed" ? _ => { }
            : null,
            Diagnostics = setting == "Diagnostics" ? _ => { }
            : null,
            FaultPolicy = FaultPolicies.Strict,
        };

        Assert.Equal(setting, options.SettingOfCoordinator);
    }
}
