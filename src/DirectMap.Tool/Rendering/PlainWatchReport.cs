using System.Globalization;
using DirectMap.Tool.Terminal;
using DirectMap.Tool.Watching;

namespace DirectMap.Tool.Rendering;

/// <summary>One fact a line.</summary>
internal sealed class PlainWatchReport(TextWriter output) : IWatchReport
{
    public void Begin(string path, long length, Protection protection, DateTimeOffset now)
    {
        Fact("path", $"{path}");
        Fact("length", $"{length}");
        Change(protection, now);
    }

    public void Change(Protection protection, DateTimeOffset now) => Fact(
        "level",
        $"{WatchWords.Time(now)} {WatchWords.Name(protection.Level)}, {WatchWords.Name(protection.Engine)}: {protection.Reason}");

    public void Change(ChangeNotice notice)
    {
        string merged = notice.Notices == 1 ? ""
            : string.Create(CultureInfo.InvariantCulture, $", {notice.Notices} notices merged, until {WatchWords.Time(notice.Last)}");
        string detail = notice.Change.Detail is { } found ? $": {found}" : "";
        Fact(
            "change",
            $"{WatchWords.Time(notice.First)} by {WatchWords.Who(notice.Change)}, {WatchWords.Name(notice.Change.Engine)}{merged}{detail}");
    }

    public void End(WatchSummary summary, DateTimeOffset now)
    {
        Fact("seconds", $"{WatchWords.Seconds(summary.Duration)}");
        Fact("notices", $"{summary.Notices}");
        Fact("last-level", $"{WatchWords.Name(summary.Protection.Level)}, {WatchWords.Name(summary.Protection.Engine)}");
    }

    private void Fact(string name, FormattableString value) =>
        output.WriteLine($"{name}: {Printable.Text(value.ToString(CultureInfo.InvariantCulture))}");
}
