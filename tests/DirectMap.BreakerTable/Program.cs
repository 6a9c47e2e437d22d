using DirectMap;
using DirectMap.BreakerTable;
using DirectMap.BreakerTable.Arguments;
using DirectMap.BreakerTable.Others;
using DirectMap.BreakerTable.Rows;

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
    Console.Write(string.Concat(AllRows.List.Select(row => $"{row.Name,-22}{row.Title}\n")));
    return ExitCode.Ok;
}

if (line.Only.Except(AllRows.List.Select(row => row.Name)).ToArray() is [var unknown, ..])
{
    Console.Error.WriteLine($"there is no row '{unknown}'; --list has them");
    return ExitCode.Usage;
}

if (!File.Exists(NativeBreaker.Program))
{
    Console.Error.WriteLine($"{NativeBreaker.Program} is missing: it needs a C compiler when this is built");
    return ExitCode.Differs;
}

string[] spare = [.. NativeBreaker.Names().Except(AllRows.List.Select(row => row.Breaker ?? ""))];
if (spare.Length > 0)
{
    Console.Error.WriteLine($"the breaker can do what no row makes: {string.Join(", ", spare)}");
    return ExitCode.Differs;
}

if (!line.IsWrite && !File.Exists(line.Page))
{
    Console.Error.WriteLine($"there is no page '{line.Page}' to compare with; --page says where it is");
    return ExitCode.Usage;
}

string folder = Directory.CreateDirectory(Path.Combine(line.Directory!, $"breakers-{Guid.NewGuid():N}")).FullName;
try
{
    return new TableRun(line, folder).Run();
}
finally
{
    Directory.Delete(folder, recursive: true);
}
