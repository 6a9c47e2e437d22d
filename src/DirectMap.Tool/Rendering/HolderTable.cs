using System.Text.Json;
using DirectMap.Tool.Holders;
using DirectMap.Tool.Terminal;
using Spectre.Console;

namespace DirectMap.Tool.Rendering;

/// <summary>Who has a file: a table on a terminal, one fact a line elsewhere, or JSON.</summary>
internal static class HolderTable
{
    private const int MaxNamed = 8;
    private const int Gap = 2;
    private const int MinCommand = 20;

    internal static void Write(ToolConsole console, HolderReport report, bool asJson)
    {
        if (asJson)
        {
            console.Out.WriteLine(JsonSerializer.Serialize(Json(report), JsonContext.Default.HoldersJson));
        }
        else if (console.IsTerminal)
        {
            WriteTable(console.Terminal(), report);
        }
        else
        {
            WriteLines(console.Out, report);
        }
    }

    private static HoldersJson Json(HolderReport report) => new()
    {
        Path = report.Path,
        Device = Device(report),
        Inode = report.Numbers.Inode,
        Length = report.Length,
        Processes = [.. report.Holders.Select(Json)],
        Locks = [.. report.Locks.Select(held => new LockJson
        {
            Kind = HolderWords.Name(held.Lock.Kind),
            Access = HolderWords.Name(held.Lock.Access),
            State = HolderWords.Name(held.Lock.State),
            Pid = held.Lock.ProcessId,
            Start = held.Lock.Start,
            End = held.Lock.End,
            Holders = [.. held.Holders],
            Certain = held.IsCertain,
        })],
        LookedInto = report.LookedInto,
        NotPermitted = [.. report.NotPermitted.Select(process => new ForbiddenJson(process.ProcessId, process.UserId, process.Name))],
        OthersHidden = report.AreOthersHidden,
        OneNamespaceOnly = report.IsOneNamespaceOnly,
    };

    private static ProcessJson Json(Holder holder) => new()
    {
        Pid = holder.ProcessId,
        Uid = holder.UserId,
        Name = holder.Name,
        Command = holder.Command,
        Mappings = [.. holder.Mappings.Select(sum => new MappingJson(
            sum.Kind.IsShared, HolderWords.Access(sum.Kind), sum.Kind.IsExecutable, sum.Count, sum.Bytes, sum.Kind.IsCertain))],
        Descriptors = [.. holder.Descriptors.Select(one => new DescriptorJson(one.Number, HolderWords.Name(one.Access)))],
        Library = [.. holder.Library],
    };

    private static void WriteLines(TextWriter output, HolderReport report)
    {
        void Fact(FormattableString name, FormattableString value) =>
            output.WriteLine($"{HolderWords.Number(name)}: {Printable.Text(HolderWords.Number(value))}");

        Fact($"path", $"{report.Path}");
        Fact($"device", $"{Device(report)}");
        Fact($"inode", $"{report.Numbers.Inode}");
        Fact($"length", $"{report.Length}");
        Fact($"processes", $"{report.Holders.Count}");
        foreach (Holder holder in report.Holders)
        {
            Fact($"process {holder.ProcessId}", $"uid {User(holder.UserId)}, {holder.Name}, {holder.Command}");
            foreach (MappingSum sum in holder.Mappings)
            {
                Fact($"process {holder.ProcessId} mapped", $"{HolderWords.Text(sum.Kind)}, {sum.Bytes} in {sum.Count}");
            }

            foreach (IGrouping<DescriptorAccess, Descriptor> group in holder.Descriptors.GroupBy(one => one.Access).OrderBy(one => one.Key))
            {
                string numbers = string.Join(' ', group.Select(one => one.Number));
                Fact($"process {holder.ProcessId} open", $"{Words.Key(HolderWords.Name(group.Key))}, descriptors {numbers}");
            }

            foreach (string library in holder.Library)
            {
                Fact($"process {holder.ProcessId} library", $"{library}");
            }
        }

        foreach (HeldLock held in report.Locks)
        {
            Fact($"lock", $"{HolderWords.Text(held)}");
        }

        Fact($"looked-into", $"{report.LookedInto}");
        Fact($"not-permitted", $"{report.NotPermitted.Count}");
        foreach (ForbiddenProcess process in report.NotPermitted)
        {
            Fact($"not-permitted {process.ProcessId}", $"uid {User(process.UserId)}, {process.Name}");
        }

        Fact($"others-hidden", $"{(report.AreOthersHidden ? "yes" : "no")}");
        Fact($"one-namespace-only", $"{(report.IsOneNamespaceOnly ? "yes" : "no")}");
    }

    private static void WriteTable(IAnsiConsole console, HolderReport report)
    {
        console.MarkupLine($" [bold]{Escaped(report.Path)}[/]");
        console.MarkupLine($" {ByteSize.Format(report.Length)} [grey]|[/] device {Device(report)}, inode {report.Numbers.Inode}");
        console.WriteLine();
        if (report.Holders.Count > 0)
        {
            WriteHolders(console, report.Holders);
            console.WriteLine();
        }

        foreach (HeldLock held in report.Locks)
        {
            console.MarkupLine($" {Escaped(HolderWords.Text(held))}");
        }

        if (report.Locks.Count > 0)
        {
            console.WriteLine();
        }

        string who = report.Holders.Count == 0 ? "No process" : HolderWords.Count(report.Holders.Count, "process", "processes");
        console.MarkupLine(HolderWords.Number(
            $" [bold]{who} {(report.Holders.Count > 1 ? "have" : "has")} it mapped or open[/], of {report.LookedInto} looked into"));
        WriteUnseen(console, report);
    }

    private static void WriteHolders(IAnsiConsole console, IReadOnlyList<Holder> holders)
    {
        string[][] rows = [["pid", "uid", "mapped", "open"], .. holders.Select(holder => (string[])
        [
            HolderWords.Number($"{holder.ProcessId}"),
            User(holder.UserId),
            string.Join('\n', holder.Mappings.Select(sum => $"{ByteSize.Format(sum.Bytes)} {HolderWords.Text(sum.Kind)}")),
            string.Join('\n', holder.Descriptors.GroupBy(one => one.Access).OrderBy(group => group.Key)
                .Select(group => HolderWords.Number($"{group.Count()} {Words.Key(HolderWords.Name(group.Key))}")))
        ])];
        Grid grid = new();
        int room = console.Profile.Width - 2;
        for (int column = 0; column < rows[0].Length; column++)
        {
            room -= rows.Max(row => row[column].Split('\n').Max(line => line.Length)) + Gap;
            grid.AddColumn(new GridColumn
            {
                Padding = new Padding(column == 0 ? 1 : 0, 0, Gap, 0),
                NoWrap = true,
                Alignment = column < 2 ? Justify.Right : Justify.Left
            });
        }

        grid.AddColumn(new GridColumn { Padding = new Padding(0, 0, 1, 0), NoWrap = true });
        grid.AddRow([.. rows[0].Append("command").Select(title => $"[grey]{title}[/]")]);
        foreach ((string[] row, Holder holder) in rows.Skip(1).Zip(holders))
        {
            grid.AddRow([.. row, Command(holder, Math.Max(MinCommand, room))]);
        }

        console.Write(grid);
    }

    private static string Command(Holder holder, int room)
    {
        string command = Printable.Text(holder.Command.Length > 0 ? holder.Command : holder.Name);
        return Markup.Escape(command.Length <= room ? command : command[..(room - 3)] + "...")
            + (holder.Library.Count > 0 ? "\n[green3]has DirectMap loaded[/]" : "");
    }

    private static void WriteUnseen(IAnsiConsole console, HolderReport report)
    {
        int count = report.NotPermitted.Count;
        if (count > 0)
        {
            string named = string.Join(", ", report.NotPermitted.Take(MaxNamed).Select(one => $"{one.ProcessId} {one.Name}".TrimEnd()));
            string rest = count > MaxNamed ? HolderWords.Number($" and {count - MaxNamed} more (--plain names all)") : "";
            string what = HolderWords.Count(count, "process", "processes");
            Markup text = new($"[yellow]{what} could not be looked into (not permitted):[/] {Escaped(named)}{rest}");
            console.Write(new Padder(text, new Padding(1, 0, 1, 0)));
        }

        if (report.AreOthersHidden)
        {
            console.MarkupLine(" [yellow]processes of other users are hidden[/] (/proc is mounted with hidepid)");
        }

        if (report.IsOneNamespaceOnly)
        {
            console.MarkupLine(" [yellow]only this pid namespace was looked at[/]: processes outside of this container are not seen");
        }
    }

    private static string Device(HolderReport report) => HolderWords.Number($"{report.Numbers.Major}:{report.Numbers.Minor}");

    private static string User(uint? user) => user is { } known ? HolderWords.Number($"{known}") : "unknown";

    private static string Escaped(string text) => Markup.Escape(Printable.Text(text));
}
