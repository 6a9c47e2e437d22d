using System.Text.Json;
using DirectMap.Tool.Watching;

namespace DirectMap.Tool.Rendering;

/// <summary>An object a line.</summary>
internal sealed class JsonWatchReport(TextWriter output) : IWatchReport
{
    public void Begin(string path, long length, Protection protection, DateTimeOffset now) =>
        output.WriteLine(JsonSerializer.Serialize(
            new WatchBeginJson
            {
                Time = now.ToUniversalTime(),
                Path = path,
                Length = length,
                Level = WatchWords.Name(protection.Level),
                Engine = WatchWords.Name(protection.Engine),
                Reason = protection.Reason,
            },
            JsonContext.Default.WatchBeginJson));

    public void Change(Protection protection, DateTimeOffset now) =>
        output.WriteLine(JsonSerializer.Serialize(
            new WatchLevelJson
            {
                Time = now.ToUniversalTime(),
                Level = WatchWords.Name(protection.Level),
                Engine = WatchWords.Name(protection.Engine),
                Reason = protection.Reason,
            },
            JsonContext.Default.WatchLevelJson));

    public void Change(ChangeNotice notice) =>
        output.WriteLine(JsonSerializer.Serialize(
            new WatchChangeJson
            {
                Time = notice.First.ToUniversalTime(),
                Until = notice.Last.ToUniversalTime(),
                Notices = notice.Notices,
                Origin = WatchWords.Name(notice.Change.Origin),
                Pid = notice.Change.ProcessId,
                Name = notice.Change.ProcessName,
                Engine = WatchWords.Name(notice.Change.Engine),
                Detail = notice.Change.Detail,
            },
            JsonContext.Default.WatchChangeJson));

    public void End(WatchSummary summary, DateTimeOffset now) =>
        output.WriteLine(JsonSerializer.Serialize(
            new WatchEndJson
            {
                Time = now.ToUniversalTime(),
                Seconds = WatchWords.Seconds(summary.Duration),
                Notices = summary.Notices,
                Level = WatchWords.Name(summary.Protection.Level),
                Engine = WatchWords.Name(summary.Protection.Engine),
            },
            JsonContext.Default.WatchEndJson));
}
