using Microsoft.Extensions.Configuration;
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
                await using MappedRegion region = await file.MapAsync(
                    MapOptions.DirectOrEmulated with { WhenUnavailable = WhenUnavailable.Wait }, stoppingToken);
                CancellationToken breaking = region.Lease!.Breaking; // not null: only an ordinary mapping has no lease
                using CancellationTokenSource pause = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, breaking);
                try
                {
                    while (!stoppingToken.IsCancellationRequested && !breaking.IsCancellationRequested)
                    {
                        region.Write(0, region.Read<long>(0) + 1);   // the work
                        region.Persist(0, sizeof(long));             // letting go persists nothing: what is done here is durable before
                        // ends early when somebody wants the file
                        await Task.Delay(10, pause.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    }
                }
                catch (MappingFaultException fault) when (fault.Cause == FaultCause.Revoked)
                {
                    // It was not in time. What was not persisted may be lost, and the file may have changed: map again, and look.
                }
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
            byte[] count = new byte[sizeof(long)];
            while (other.Read(count, fileOffset: 0) == 0 || BitConverter.ToInt64(count) == 0)
            {
                await Task.Delay(10);                                     // until the service has begun; reading asks nobody
            }

            await other.WriteAsync(new byte[] { 1, 2, 3 }, fileOffset: 4096); // waits until the service lets go
            byte[] written = new byte[3];
            other.Read(written, fileOffset: 4096);
            Console.WriteLine($"the service counts, and the other one has written {string.Join(", ", written)}");
        }

        await host.StopAsync();
        // end
    }

    [Example]
    internal static void Settings()
    {
        // begin Settings
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        // as appsettings.json would have it
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Orders:LeaseBreakTime"] = "00:00:02" });
        builder.Services.AddKeyedDirectMap("orders");
        builder.Services.AddOptions<DirectMapOptions>("orders").BindConfiguration("Orders");
        using IHost host = builder.Build();
        Console.WriteLine(host.Services.GetRequiredKeyedService<IDirectFileFactory>("orders").Coordinator.LeaseBreakTime);
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
