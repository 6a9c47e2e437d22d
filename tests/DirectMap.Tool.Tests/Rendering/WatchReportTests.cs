using DirectMap.Tool.Rendering;
using DirectMap.Tool.Terminal;
using DirectMap.Tool.Tests.Infrastructure;
using DirectMap.Tool.Watching;

namespace DirectMap.Tool.Tests.Rendering;

/// <summary>What a watch prints, in each form.</summary>
public sealed class WatchReportTests
{
    private static readonly DateTimeOffset s_time = new(2026, 1, 2, 3, 4, 5, 600, TimeSpan.Zero);
    private static readonly Protection s_watched = new(ProtectionLevel.Watched, "all is well") { Engine = ProtectionEngine.Fanotify };
    private static readonly Protection s_lost = new(ProtectionLevel.ThisProcess, "the queue overflowed");

    [Fact]
    public void Merged_notices_are_one_line_that_says_so()
    {
        Assert.Equal(
            """
            path: a\x0ab
            length: 4096
            level: 2026-01-02T03:04:05.600Z watched, fanotify: all is well
            change: 2026-01-02T03:04:05.600Z by another process, 4711 cat, fanotify
            change: 2026-01-02T03:04:05.600Z by an unknown process, none, 3 notices merged, until 2026-01-02T03:04:07.600Z: the length
            level: 2026-01-02T03:04:05.600Z thisProcess, none: the queue overflowed
            seconds: 1.5
            notices: 4
            last-level: thisProcess, none

            """,
            Written(output => new PlainWatchReport(output)));
    }

    [Fact]
    public void Merged_notices_are_one_object_with_their_number()
    {
        const string Time = "\"time\":\"2026-01-02T03:04:05.6+00:00\"";
        Assert.Equal(
            [
                $$"""{"event":"begin",{{Time}},"path":"a\nb","length":4096,"level":"watched","engine":"fanotify","reason":"all is well"}""",
                $$"""{"event":"change",{{Time}},"until":"2026-01-02T03:04:05.6+00:00","notices":1,"origin":"otherProcess" """.TrimEnd()
                    + ""","pid":4711,"name":"cat","engine":"fanotify","detail":null}""",
                $$"""{"event":"change",{{Time}},"until":"2026-01-02T03:04:07.6+00:00","notices":3,"origin":"unknown" """.TrimEnd()
                    + ""","pid":null,"name":null,"engine":"none","detail":"the length"}""",
                $$"""{"event":"level",{{Time}},"level":"thisProcess","engine":"none","reason":"the queue overflowed"}""",
                $$"""{"event":"end",{{Time}},"seconds":1.5,"notices":4,"level":"thisProcess","engine":"none"}""",
            ],
            Written(output => new JsonWatchReport(output)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void On_a_terminal_merged_notices_are_one_line_that_says_so()
    {
        string seen = Written(output => new TerminalWatchReport(
            new ToolConsole { Out = output, Error = output, IsTerminal = true, Width = 120 }.Terminal()));

        Assert.Contains("changed by another process, 4711 cat", seen, StringComparison.Ordinal);
        Assert.Contains("changed by an unknown process, 3 notices in one, until ", seen, StringComparison.Ordinal);
        Assert.Contains("now not watched", seen, StringComparison.Ordinal);
        Assert.Contains("4 notices of changes in 1.5 s; one may stand for several changes", seen, StringComparison.Ordinal);
        Assert.Contains("At the end it was not watched", seen, StringComparison.Ordinal);
    }

    private static string Written(Func<TextWriter, IWatchReport> form)
    {
        using StringWriter output = new();
        IWatchReport report = form(output);
        report.Begin("a\nb", 4096, s_watched, s_time);
        report.Change(new ChangeNotice(
            new Change(TrespassOrigin.OtherProcess, 4711, "cat", ProtectionEngine.Fanotify, null), s_time, s_time, 1));
        report.Change(new ChangeNotice(
            new Change(TrespassOrigin.Unknown, null, null, ProtectionEngine.None, "the length"), s_time, s_time.AddSeconds(2), 3));
        report.Change(s_lost, s_time);
        report.End(new WatchSummary(TimeSpan.FromSeconds(1.5), 4, s_lost, false), s_time);
        return new ToolResult(0, output.ToString(), "").Seen;
    }
}
