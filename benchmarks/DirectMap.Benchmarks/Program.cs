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
    case [FollowChild.Command, ..]:
        return FollowChild.Run(args.AsSpan(1));
    case [WitnessChild.Command, ..]:
        return WitnessChild.Run(args.AsSpan(1));
    case [ForeignCallsChild.Command, ..]:
        return ForeignCallsChild.Run(args.AsSpan(1));
    case ["plots" or "tables", ..]:
        return ReportCommand.Run(args, Console.Out, Console.Error);
    case [{ Length: > 0 } command, ..] when command[0] != '-':
        // BenchmarkDotNet would ask what to run, and be content with no answer.
        Console.Error.WriteLine(
            $"There is no command '{command}'. There are: stores, targets, tables, plots; and BenchmarkDotNet's options, "
                + "such as --filter '*'.");
        return 64;
}

string[] options = [.. args.Where(arg => arg is not (Grid.Quick or Grid.First))];
Grid.Selection = args.FirstOrDefault(arg => arg is Grid.Quick or Grid.First);
ManualConfig config = ManualConfig.Create(DefaultConfig.Instance)
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddExporter(JsonExporter.Full)
    .AddColumn(StatisticColumn.Median);
if (Grid.Selection == Grid.Quick && !options.Any(option => option is "-j" or "--job"))
{
    config.AddJob(
        Job.Default.WithId("Quick").WithWarmupCount(3).WithIterationCount(15).WithIterationTime(TimeInterval.FromMilliseconds(50)));
}

if (Pmem2.Missing is { } missing)
{
    Console.Error.WriteLine($"Without libpmem2, since {missing}.");
    config.AddFilter(new SimpleFilter(benchmark => !benchmark.Descriptor.WorkloadMethod.IsDefined(typeof(NeedsPmem2Attribute), false)));
}

IDisposable folders;
try
{
    folders = Folders.Create();
}
catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"{exception.Message} Start the benchmarks where files can be made.");
    return 1;
}

using (folders)
{
    // What failed is told by BenchmarkDotNet; the exit code says that something did.
    return BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(options, config)
        .Any(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success)) ? 1 : 0;
}
