// A consumer of the packages: if this compiles and runs, the packages are whole. A host with a service that holds a mapping, and a breaker.
using DirectMap;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

string path = Path.Combine(Path.GetTempPath(), $"directmap-consumer-{Environment.ProcessId}.pmem");
try
{
    HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
    builder.Services.AddDirectMap(options => options.LeaseBreakTime = TimeSpan.FromSeconds(10));
    builder.Services.AddKeyedDirectMap("archive", options => options.Backing = FileBackingKind.Portable);
    builder.Services.AddSingleton(new Settings(path));
    builder.Services.AddSingleton<Holder>();
    builder.Services.AddHostedService(services => services.GetRequiredService<Holder>());
    using IHost host = builder.Build();
    await host.StartAsync();
    Holder holder = host.Services.GetRequiredService<Holder>();
    await holder.Mapped.Task.WaitAsync(TimeSpan.FromSeconds(30));

    IDirectFileFactory files = host.Services.GetRequiredService<IDirectFileFactory>();
    using DirectFile other = files.Open(path);
    await other.WriteAsync(new byte[] { 42 }, offset: 8); // the holder lets go
    using MappedRegion region = other.Map(MapOptions.DirectOrEmulated with { WhenUnavailable = WhenUnavailable.Wait });
    region.Persist();
    ILeaseCoordinator coordinator = host.Services.GetRequiredService<ILeaseCoordinator>(); // from DirectMap.Abstractions
    bool isRefused = false;
    try
    {
        host.Services.GetRequiredKeyedService<IDirectFileFactory>("archive").Open(path).Dispose();
    }
    catch (InvalidOperationException refusal)
    {
        isRefused = refusal.Message.Contains("'archive'", StringComparison.Ordinal);
    }

    Console.WriteLine(
        $"read back {region.Read<byte>(8)}, let go {holder.Breaks} time, break time {coordinator.LeaseBreakTime}, "
            + $"the other configuration refused: {isRefused}");
    bool isHolding = region.Read<byte>(8) == 42 && holder.Breaks == 1 && isRefused;

    // The native library came with the package: somebody truncates the file, and the process lives.
    using (FileStream outside = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
    {
        outside.SetLength(0);
    }

    FaultCause? cause = null;
    try
    {
        region.Read<byte>(8);
    }
    catch (MappingFaultException fault)
    {
        cause = fault.Cause;
    }

    Console.WriteLine($"after a truncation from outside: {cause}, {region.Containment}");
    await host.StopAsync();
    return isHolding && cause == FaultCause.BeyondEndOfFile ? 0 : 1;
}
finally
{
    File.Delete(path);
}

internal sealed record Settings(string Path);

internal sealed class Holder(IDirectFileFactory files, Settings settings) : BackgroundService
{
    internal TaskCompletionSource Mapped { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal int Breaks { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using DirectFile file = files.Create(settings.Path, 1 << 20);
        await using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Mapped.SetResult();
        await region.WaitForBreakAsync(stoppingToken);
        Breaks++;
    }
}
