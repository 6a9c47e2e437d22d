// A consumer of the packages: if this compiles and runs, the packages are whole. A host with a service that holds a mapping, and a breaker;
// settings from JSON, bound by generated code; a holder that does not let go; a log. It runs as it is, trimmed, and as native code.
using System.Text;
using DirectMap;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

string path = Path.Combine(Path.GetTempPath(), $"directmap-consumer-{Environment.ProcessId}.pmem");
try
{
    HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
    builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes("""
        {
          "DirectMap": { "LeaseBreakTime": "00:00:10" },
          "Archive": { "Name": "the archive", "Backing": "Portable", "SomethingElse": true },
          "Hasty": { "LeaseBreakTime": "00:00:00.2" },
          "Wrong": { "FaultPolicy": "Permissive" }
        }
        """)));
    builder.Services.AddDirectMap().Configure<DirectMapOptions>(builder.Configuration.GetSection("DirectMap"));
    builder.Services.AddKeyedDirectMap("archive").AddOptions<DirectMapOptions>("archive").BindConfiguration("Archive");
    builder.Services.AddKeyedDirectMap("hasty", options => builder.Configuration.GetSection("Hasty").Bind(options));
    string refused = ConfigurationChecks.RefusalOf(builder.Configuration, "Wrong");
    builder.Services.AddSingleton(new Settings(path));
    builder.Services.AddSingleton<Holder>();
    builder.Services.AddHostedService(services => services.GetRequiredService<Holder>());
    using IHost host = builder.Build();
    await host.StartAsync();
    Holder holder = host.Services.GetRequiredService<Holder>();
    await holder.Mapped.Task.WaitAsync(TimeSpan.FromSeconds(30));

    IDirectFileFactory files = host.Services.GetRequiredService<IDirectFileFactory>();
    using DirectFile other = files.Open(path);
    await other.WriteAsync(new byte[] { 42 }, fileOffset: 8); // the holder lets go
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
        isRefused = refusal.Message.Contains("'the archive'", StringComparison.Ordinal);
    }

    Console.WriteLine(
        $"read back {region.Read<byte>(8)}, let go {holder.Breaks} time, break time {coordinator.LeaseBreakTime}, "
            + $"the other configuration refused: {isRefused}; {refused}");
    bool isHolding = region.Read<byte>(8) == 42 && holder.Breaks == 1 && isRefused
        && coordinator.LeaseBreakTime == TimeSpan.FromSeconds(10)
        && refused.Contains("'Wrong:FaultPolicy'", StringComparison.Ordinal);

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

    Console.WriteLine($"after a truncation from outside: {cause}, {region.Facts.Containment}");
    bool isRevoked = await RevocationCheck.PassesAsync(host.Services.GetRequiredKeyedService<IDirectFileFactory>("hasty"), path + ".held");
    bool isKept = LogCheck.Passes(files, path + ".log");
    await host.StopAsync();
    return isHolding && cause == FaultCause.BeyondEndOfFile && isRevoked && isKept ? 0 : 1;
}
finally
{
    foreach (string made in (string[])[path, path + ".held", path + ".log"])
    {
        File.Delete(made);
    }
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
        await region.Lease!.WaitForBreakAsync(stoppingToken);
        Breaks++;
    }
}
