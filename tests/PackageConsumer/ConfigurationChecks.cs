using DirectMap;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

/// <summary>What a configuration may not have.</summary>
internal static class ConfigurationChecks
{
    /// <summary>How settings from that section are refused; empty where they are not.</summary>
    internal static string RefusalOf(IConfiguration configuration, string section)
    {
        ServiceCollection services = new();
        services.AddDirectMap().Configure<DirectMapOptions>(configuration.GetSection(section));
        using ServiceProvider provider = services.BuildServiceProvider();
        try
        {
            provider.GetRequiredService<IDirectFileFactory>();
            return "";
        }
        catch (OptionsValidationException refusal)
        {
            return refusal.Message;
        }
    }
}
