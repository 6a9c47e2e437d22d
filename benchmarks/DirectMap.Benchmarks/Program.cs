using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Running;
using DirectMap.Benchmarks;
using DirectMap.Benchmarks.Targets;

if (args is ["stores"])
{
    return StoreCalibration.Run();
}

if (args is ["targets", ..])
{
    return TargetsCommand.Run(args.AsSpan(1));
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(
    args,
    DefaultConfig.Instance.AddDiagnoser(MemoryDiagnoser.Default).AddExporter(JsonExporter.Full));
return 0;
