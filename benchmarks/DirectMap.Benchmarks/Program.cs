using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using DirectMap.Benchmarks;
using DirectMap.Benchmarks.Infrastructure;
using DirectMap.Benchmarks.Peers;
using DirectMap.Benchmarks.Report;
using DirectMap.Benchmarks.Targets;
using Perfolizer.Horology;

switch (args)
{
    case ["stores"]:
        return StoreCalibration.Run();
    case ["targets", ..]:
        return TargetsCommand.Run(args.AsSpan(1));
    case ["plots" or "tables", ..]:
        return ReportCommand.Run(args, Console.Out, Console.Error);
}

string[] options = [.. args.Where(arg => arg is not (Grid.Quick or Grid.First))];
Grid.Selection = args.FirstOrDefault(arg => arg is Grid.Quick or Grid.First);
ManualConfig config = ManualConfig.Create(DefaultConfig.Instance)
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddExporter(JsonExporter.Full)
    .AddColumn(StatisticColumn.Median);
if (Grid.Selection == Grid.Quick && !options.Any(option => option is "-j" or "--job"))
{
    config.AddJob(Job.Default.WithId("Quick").WithWarmupCount(3).WithIterationCount(15).WithIterationTime(TimeInterval.FromMilliseconds(50)));
}

if (Pmem2.Missing is { } missing)
{
    Console.Error.WriteLine($"Without libpmem2, since {missing}.");
    config.AddFilter(new SimpleFilter(benchmark => !benchmark.Descriptor.WorkloadMethod.IsDefined(typeof(NeedsPmem2Attribute), false)));
}

using (Folders.Create())
{
    // What failed is told by BenchmarkDotNet; the exit code says that something did.
    return BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(options, config).Any(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success)) ? 1 : 0;
}
