using System.Globalization;
using DirectMap.Tool.Terminal;
using DirectMap.Tool.Watching;
using Spectre.Console;

namespace DirectMap.Tool.Rendering;

/// <summary>For people: times of the day, as on their clock.</summary>
internal sealed class TerminalWatchReport(IAnsiConsole console) : IWatchReport
{
    public void Begin(string path, long length, Protection protection, DateTimeOffset now)
    {
        console.MarkupLine($" [bold]{Escaped(path)}[/]");
        console.MarkupLine($" {ByteSize.Format(length)} [grey]|[/] {Level(protection)}");
        console.Write(new Padder(new Markup($"[grey]{Escaped(protection.Reason)}[/]"), new Padding(1, 0, 1, 0)));
        console.WriteLine();
    }

    public void Change(Protection protection, DateTimeOffset now) =>
        Line(now, $"[yellow]now {Level(protection)}[/]: {Escaped(protection.Reason)}");

    public void Change(ChangeNotice notice)
    {
        string merged = notice.Notices == 1 ? ""
            : string.Create(CultureInfo.InvariantCulture, $", {notice.Notices} notices in one, until {Clock(notice.Last)}");
        string detail = notice.Change.Detail is { } found ? $": {found}" : "";
        Line(notice.First, $"changed by {Escaped($"{WatchWords.Who(notice.Change)}{merged}{detail}")}");
    }

    public void End(WatchSummary summary, DateTimeOffset now)
    {
        string seconds = summary.Duration.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        console.WriteLine();
        console.MarkupLine($" [bold]{WatchWords.Notices(summary.Notices)}[/] in {seconds} s; one may stand for several changes");
        if (summary.Protection.Level < ProtectionLevel.Watched)
        {
            console.MarkupLine($" [yellow]At the end it was {Level(summary.Protection)}[/]");
        }
    }

    private static string Level(Protection protection) => protection.Level < ProtectionLevel.Watched
        ? "not watched"
        : $"{WatchWords.Name(protection.Level)} by {WatchWords.Name(protection.Engine)}";

    private static string Clock(DateTimeOffset time) => time.ToLocalTime().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    private static string Escaped(string text) => Markup.Escape(Printable.Text(text));

    private void Line(DateTimeOffset time, string markup) =>
        console.Write(new Padder(new Markup($"[grey]{Clock(time)}[/]  {markup}"), new Padding(1, 0, 1, 0)));
}
