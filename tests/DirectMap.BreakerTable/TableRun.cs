using System.Diagnostics;
using System.Globalization;
using DirectMap.BreakerTable.Arguments;
using DirectMap.BreakerTable.Holding;
using DirectMap.BreakerTable.Others;
using DirectMap.BreakerTable.Pages;
using DirectMap.BreakerTable.Rows;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.BreakerTable;

/// <summary>One table: that of a folder's file system, of a level, and of root or not.</summary>
internal sealed class TableRun(CommandLine line, string folder)
{
    /// <summary>How often a row that is in doubt is made again.</summary>
    private const int MostMore = 4;

    /// <summary>Of the columns that are printed while it runs.</summary>
    private static readonly int[] s_widths = [10, 4, 15, 6, 6, 15, 15, 11, 7, 8, 10, 5, 5, 5, 8];

    private readonly string _page = line.Page;
    private readonly string _fileSystem = Ground.TitleOf(MountPoint.Of(folder));
    private readonly bool _isRoot = Environment.IsPrivilegedProcess;
    private readonly List<string> _wrong = [];
    private bool _isCompared;

    private string Title => $"{_fileSystem}, {line.Level}{(line.WithoutFanotify ? " without fanotify" : "")}, "
        + $"{(_isRoot ? "root" : "not root")}";

    /// <returns>The exit code.</returns>
    internal int Run()
    {
        Stopwatch watch = Stopwatch.StartNew();
        BreakerPage page = BreakerPage.Read(_page);
        Section section = page.Of(_fileSystem, line.Level.ToString());
        using NativeBreaker breaker = NativeBreaker.Start();
        using NativeBreaker? reader = line.Level == ProtectionLevel.NoWriters ? NativeBreaker.Start() : null;
        if (line.WithoutFanotify && PlainCalls.ForbidFanotify() is { Errno: not 0 } answer)
        {
            throw new InvalidOperationException($"prctl: errno {answer.Errno}");
        }

        RowRun rows = new(folder, line.Level, breaker, reader);
        (string? engine, string? obstacle) = rows.Level();
        if (line.WithoutFanotify || (engine == Section.Inotify && !line.IsWhole))
        {
            section = section.WithoutFanotify();
            Console.WriteLine("compared with what the page says of a kernel that refuses fanotify");
        }

        _isCompared = !line.IsWrite && !section.IsEmpty;
        if (_isCompared)
        {
            Compare("engine", engine, section.Unavailable[_isRoot] is null ? section.Engine[_isRoot] : null);
            Compare("obstacle", obstacle, section.Unavailable[_isRoot]);
            _wrong.AddRange(section.Unknown().Select(title => $"{title}: there is no such row"));
        }
        else if (!line.IsWrite || !Ground.FileSystems.Contains(_fileSystem) || engine == Section.Inotify)
        {
            _wrong.Add("the page has no such table");
        }

        section.Engine = section.Engine.With(_isRoot, engine);
        section.Unavailable = section.Unavailable.With(_isRoot, obstacle);
        int count = obstacle is null ? MakeAll(rows, section) : 0;
        if (line.IsWrite && _wrong.Count == 0)
        {
            page.Write(_page);
        }

        _wrong.ForEach(text => Console.WriteLine($"DIFFERS: {Title}: {text}"));
        string made = obstacle is null ? $"{count} rows" : "not available";
        string verdict = line.IsWrite && _wrong.Count == 0 ? "written" : $"{_wrong.Count} not as {Path.GetFileName(_page)} says";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{Title}: {made}, {verdict}, in {watch.Elapsed.TotalSeconds:0.0} seconds"));
        return _wrong.Count == 0 ? ExitCode.Ok : ExitCode.Differs;
    }

    private void Compare(string what, string? here, string? onThePage)
    {
        if (here != onThePage)
        {
            _wrong.Add($"{what} is '{here ?? "none"}', and '{onThePage ?? "none"}' on the page");
        }
    }

    private int MakeAll(RowRun rows, Section section)
    {
        _ = rows.Make(AllRows.List[0], isExpected: false); // Not counted: much of the time of the first one is that of a start.
        int count = 0;
        foreach (Row row in AllRows.List.Where(row => (line.Only.Count == 0 || line.Only.Contains(row.Name))
            && (row.FileSystem ?? _fileSystem) == _fileSystem && row.IsOf(line.Level)))
        {
            count++;
            Make(rows, section, row);
        }

        return count;
    }

    private void Make(RowRun rows, Section section, Row row)
    {
        bool isExpected = _isCompared && section.IsTold(row, _isRoot);
        Findings findings = rows.Make(row, isExpected);
        for (int more = 0; more < MostMore && IsDoubtful(section, row, findings); more++)
        {
            Console.WriteLine($"once more: {Text(row, findings)}");
            findings = rows.Make(row, isExpected); // The machine may have been busy with something else.
        }

        Console.WriteLine(Text(row, findings));
        if (findings.Cells is not { } cells)
        {
            if (line.IsWhole)
            {
                _wrong.Add($"{row.Title}: it cannot be made, {findings.Lacks}");
            }
        }
        else if (line.IsWrite)
        {
            section.Set(row, _isRoot, cells);
        }
        else if (_isCompared && section.Difference(row, _isRoot, cells) is { } difference)
        {
            _wrong.Add($"{row.Title}: {difference}");
        }
    }

    /// <summary>Whether it is not as the page says or, where it is going to be written, may have been late by accident.</summary>
    private bool IsDoubtful(Section section, Row row, Findings findings) => findings.Cells is { } cells
        && (_isCompared ? section.Difference(row, _isRoot, cells) is not null : cells.Contains(Columns.Late));

    private static string Text(Row row, Findings findings) => findings.Cells is not { } cells
        ? $"{row.Name,-20}skipped: {findings.Lacks}"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Name,-20}{(findings.Delay is { } delay ? $"{delay.TotalMilliseconds,6:0.00} ms" : "        -")}  ")
            + string.Join("  ", cells.Take(s_widths.Length).Select((cell, at) => cell.PadRight(s_widths[at])));
}
