using System.Diagnostics;
using System.Runtime.InteropServices;
using DirectMap;
using DirectMap.FaultMatrix.Causes;
using DirectMap.FaultMatrix.Child;
using DirectMap.FaultMatrix.Parent;
using DirectMap.Tests.Infrastructure;

CommandLine line;
try
{
    line = CommandLine.Parse(args);
}
catch (FormatException exception)
{
    Console.Error.WriteLine($"{exception.Message}\n\n{CommandLine.Usage}");
    return ExitCode.Usage;
}

if (line.IsHelp)
{
    Console.WriteLine(CommandLine.Usage);
    return ExitCode.Ok;
}

if (line.IsList)
{
    Console.WriteLine(
        $"causes:\n{string.Concat(AllCauses.List.Select(cause => $"  {cause.Name,-22}{cause.Title}\n"))}accesses:\n"
            + $"{string.Concat(Access.All.Select(access => $"  {access.Name}\n"))}");
    return ExitCode.Ok;
}

if (line.IsCell)
{
    using TestDirectory? own = line.Folder is null ? new TestDirectory() : null;
    return Cell.Run(line.Causes[0], line.Accesses[0], line.How, new Site(line.Folder ?? own!.Path, line.Device));
}

return await RunMatrixAsync(line);

static async Task<int> RunMatrixAsync(CommandLine line)
{
    Stated<ContainmentKind> found = NativeHandler.Find();
    TextWriter report = line.Markdown ? Console.Error : Console.Out;
    report.WriteLine(
        $"native handler: {(found.Value == ContainmentKind.Handler ? "there" : $"MISSING ({found.Reason})")}"
            + $"{(line.WithoutNative ? "; the cells run without it" : "")}\n");
    if (found.Value != ContainmentKind.Handler && !line.WithoutNative)
    {
        report.WriteLine("Nothing was run: without the handler a fault ends the process. --without-native runs what holds then.");
        return ExitCode.Failed;
    }

    using CancellationTokenSource interruption = new();
    void Interrupt(PosixSignalContext signal)
    {
        signal.Cancel = true; // What is mounted is unmounted first.
        interruption.Cancel();
    }

    using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
    using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
    using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Interrupt);
    using TestDirectory withoutHandler = new();
    Stopwatch watch = Stopwatch.StartNew();
    IReadOnlyList<Cause> causes = line.Causes.Count > 0 ? line.Causes : AllCauses.List;
    IReadOnlyList<Column> columns = Column.Of(line.Accesses.Count > 0 ? line.Accesses : Access.All, line.WithoutNative, line.WithBcl);
    string program = line.WithoutNative ? NativeHandler.CopyWithout(withoutHandler.Path) : typeof(CommandLine).Assembly.Location;
    List<CellResult> results;
    try
    {
        results = await MatrixRun.RunAsync(causes, columns, program, interruption.Token);
    }
    catch (OperationCanceledException)
    {
        results = [];
    }

    if (interruption.IsCancellationRequested)
    {
        report.WriteLine("interrupted");
        return ExitCode.Interrupted;
    }

    Console.Write(Table.Render(causes, columns, results, line.Markdown));
    report.WriteLine();
    foreach (string skipped in results.Where(result => result.Outcome == Outcome.Skipped).Select(result =>
        $"skipped: {result.Cause.Name}: {result.Output}").Distinct().Order(StringComparer.Ordinal))
    {
        report.WriteLine(skipped);
    }

    List<CellResult> failed =
        [.. results.Where(result => result.Outcome == Outcome.Failed).OrderBy(result => result.ToString(), StringComparer.Ordinal)];
    failed.ForEach(result => report.WriteLine($"FAILED: {result}"));
    int Count(Outcome outcome) => results.Count(result => result.Outcome == outcome);
    report.WriteLine(
        $"{results.Count} cells: {Count(Outcome.Ok)} ok, {Count(Outcome.Ends)} ended as expected, {failed.Count} failed, "
            + $"{Count(Outcome.Skipped)} skipped, in {watch.Elapsed.TotalSeconds:0} seconds");
    if (line.Page is { } page)
    {
        string[] unmade = [.. results.Where(result => result.Outcome == Outcome.Skipped && result.Cause is not ErrorTarget).Select(result =>
            result.Cause.Name).Distinct().Order(StringComparer.Ordinal)];
        string? difference = unmade.Length > 0 ? null : PageText.Difference(page, Table.Render(causes, columns, results, markdown: true));
        report.WriteLine(unmade.Length > 0
            ? $"{page} was not compared: {string.Join(", ", unmade)} cannot be made here"
            : difference ?? $"{page} is what was made");
        if (difference is not null)
        {
            return ExitCode.Failed;
        }
    }

    return failed.Count == 0 ? ExitCode.Ok : ExitCode.Failed;
}
