using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Watching;

namespace DirectMap.Tool.Tests.Watching;

/// <summary>What is reported, in which order.</summary>
public sealed class FileWatchTests
{
    private static readonly Protection s_watched = new(ProtectionLevel.Watched, "all is well") { Engine = ProtectionEngine.Inotify };
    private static readonly Protection s_lost = new(ProtectionLevel.ThisProcess, "the queue overflowed");
    private static readonly Change s_change = new(TrespassOrigin.Unknown, null, null, ProtectionEngine.Inotify, null);

    [Fact]
    public async Task A_level_that_is_lost_is_reported_and_the_watch_goes_on()
    {
        Recording report = new();
        using ChangeQueue queue = new();
        using CancellationTokenSource end = new();
        Protection protection = s_watched;
        Task<(Protection Last, bool IsInterrupted)> follow = New(report).FollowAsync(() => protection, queue, s_watched, end.Token);
        queue.Add(s_change, DateTimeOffset.UnixEpoch);
        Soon.Until(() => report.Count == 1, "the change is reported");
        protection = s_lost;
        Soon.Until(() => report.Count == 2, "the level is reported");
        queue.Add(s_change, DateTimeOffset.UnixEpoch);
        Soon.Until(() => report.Count == 3, "the next change is reported");
        end.Cancel();

        Assert.Equal((s_lost, true), await follow.Within());
        Assert.Equal(["change", "level ThisProcess", "change"], report.Lines);
    }

    [Fact]
    public async Task It_ends_when_as_many_notices_have_come_as_were_asked_for()
    {
        Recording report = new();
        using ChangeQueue queue = new();
        FileWatch watch = new(new WatchBounds(null, 3), report, TimeProvider.System);
        Task<(Protection Last, bool IsInterrupted)> follow =
            watch.FollowAsync(() => s_watched, queue, s_watched, TestContext.Current.CancellationToken);
        for (int i = 0; i < 2; i++)
        {
            queue.Add(s_change with { ProcessId = i }, DateTimeOffset.UnixEpoch);
            Soon.Until(() => report.Count == i + 1, "the change is reported");
            Assert.False(follow.IsCompleted);
        }

        queue.Add(s_change, DateTimeOffset.UnixEpoch);

        Assert.Equal((s_watched, false), await follow.Within());
    }

    private static FileWatch New(IWatchReport report) => new(default, report, TimeProvider.System);

    private sealed class Recording : IWatchReport
    {
        private readonly Lock _gate = new();
        private readonly List<string> _lines = [];

        internal int Count => Lines.Length;

        internal string[] Lines
        {
            get
            {
                lock (_gate)
                {
                    return [.. _lines];
                }
            }
        }

        public void Begin(string path, long length, Protection protection, DateTimeOffset now) => Add("begin");

        public void Change(Protection protection, DateTimeOffset now) => Add($"level {protection.Level}");

        public void Change(ChangeNotice notice) => Add("change");

        public void End(WatchSummary summary, DateTimeOffset now) => Add("end");

        private void Add(string line)
        {
            lock (_gate)
            {
                _lines.Add(line);
            }
        }
    }
}
