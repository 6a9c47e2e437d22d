using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DirectMap.Tests.Docs.Examples;

internal static class DependencyInjectionExamples
{
    [Example]
    internal static void Register()
    {
        // begin Register
        ServiceCollection services = new();
        services.AddDirectMap(options => options.LeaseBreakTime = TimeSpan.FromSeconds(5));

        using ServiceProvider provider = services.BuildServiceProvider();
        IDirectFileFactory files = provider.GetRequiredService<IDirectFileFactory>();
        using DirectFile file = files.OpenOrCreate("orders.pmem", length: 1 << 20);
        Console.WriteLine(files.Coordinator.LeaseBreakTime);
        // end
    }

    // begin OrderBook
    internal sealed class OrderBook(IDirectFileFactory files) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            using DirectFile file = files.OpenOrCreate("orders.pmem", length: 1 << 20);
            while (!stoppingToken.IsCancellationRequested)
            {
                await using MappedRegion region = await file.MapAsync(MapOptions.DirectOrEmulated with { WhenUnavailable = WhenUnavailable.Wait }, stoppingToken);
                region.Write(0, region.Read<long>(0) + 1);
                region.Persist(0, sizeof(long));
                await region.WaitForBreakAsync(stoppingToken); // here the service would do its work; then it lets go, and maps again
            }
        }
    }
    // end

    [Example]
    internal static async Task HostedService()
    {
        // begin HostedService
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddDirectMap();
        builder.Services.AddHostedService<OrderBook>();
        using IHost host = builder.Build();
        await host.StartAsync();

        IDirectFileFactory files = host.Services.GetRequiredService<IDirectFileFactory>();
        using (DirectFile other = files.OpenOrCreate("orders.pmem", length: 1 << 20))
        {
            await other.WriteAsync(new byte[] { 1, 2, 3 }, offset: 4096); // waits until the service lets go
        }

        await host.StopAsync();
        // end
    }

    [Example]
    internal static void Keyed()
    {
        // begin Keyed
        ServiceCollection services = new();
        services.AddKeyedDirectMap("orders", options => options.LeaseBreakTime = TimeSpan.FromSeconds(1));
        services.AddKeyedDirectMap("archive", options => options.LeaseBreakTime = TimeSpan.FromMinutes(5));

        using ServiceProvider provider = services.BuildServiceProvider();
        IDirectFileFactory orders = provider.GetRequiredKeyedService<IDirectFileFactory>("orders");
        IDirectFileFactory archive = provider.GetRequiredKeyedService<IDirectFileFactory>("archive");
        using DirectFile file = orders.OpenOrCreate("orders.pmem", length: 1 << 20);
        try
        {
            archive.Open("orders.pmem");
        }
        catch (InvalidOperationException refusal)
        {
            Console.WriteLine(refusal.Message);
        }
        // end
    }
}
