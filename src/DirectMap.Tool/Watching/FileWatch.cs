namespace DirectMap.Tool.Watching;

/// <summary>Watches a file for changes by anybody, without a mapping or a lease. Nobody waits for it.</summary>
internal sealed class FileWatch
{
    /// <summary>How often it is asked how far the file is watched: of a file nobody tells when that changes.</summary>
    private static readonly TimeSpan s_betweenLooks = TimeSpan.FromMilliseconds(100);

    private readonly WatchBounds _bounds;
    private readonly IWatchReport _report;
    private readonly TimeProvider _clock;
    private readonly long _start;
    private long _notices;

    internal FileWatch(WatchBounds bounds, IWatchReport report, TimeProvider clock)
    {
        _bounds = bounds;
        _report = report;
        _clock = clock;
        _start = clock.GetTimestamp();
    }

    /// <summary>Watches until it is cancelled, or a bound is reached. A file that cannot be watched is not waited for.</summary>
    /// <exception cref="IOException">As from <see cref="DirectFile.Open"/>; others as from there.</exception>
    internal static async Task<WatchSummary> RunAsync(
        string path, WatchBounds bounds, IWatchReport report, TimeProvider clock, CancellationToken cancellationToken)
    {
        using ChangeQueue queue = new();
        using DirectFile file = DirectFile.Open(
            path, new DirectFileOptions { Access = FileAccess.Read, Guard = GuardOptions.Preferred(ProtectionLevel.Watched) });
        void Tell(object? sender, Trespass told) => queue.Add(Change.Of(told), told.NoticedAt);

        file.Trespassed += Tell;
        FileWatch watch = new(bounds, report, clock);
        Protection protection = file.Protection;
        report.Begin(path, file.Length, protection, clock.GetUtcNow());
        bool isInterrupted = false;
        if (protection.Level >= ProtectionLevel.Watched)
        {
            (protection, isInterrupted) = await watch.FollowAsync(() => file.Protection, queue, protection, cancellationToken);
        }

        file.Trespassed -= Tell;
        watch.Report(queue);
        WatchSummary summary = new(clock.GetElapsedTime(watch._start), watch._notices, protection, isInterrupted);
        report.End(summary, clock.GetUtcNow());
        return summary;
    }

    /// <summary>Reports what comes until it is cancelled, or a bound is reached.</summary>
    internal async Task<(Protection Last, bool IsInterrupted)> FollowAsync(
        Func<Protection> protection, ChangeQueue queue, Protection known, CancellationToken cancellationToken)
    {
        while (true)
        {
            Report(queue);
            Protection now = protection();
            if (now != known)
            {
                known = now;
                _report.Change(now, _clock.GetUtcNow());
            }

            TimeSpan left = (_bounds.Duration ?? TimeSpan.MaxValue) - _clock.GetElapsedTime(_start);
            if (left <= TimeSpan.Zero || _notices >= _bounds.Notices)
            {
                return (known, false);
            }

            try
            {
                await queue.WaitAsync(left < s_betweenLooks ? left : s_betweenLooks, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return (known, true);
            }
        }
    }

    private void Report(ChangeQueue queue)
    {
        foreach (ChangeNotice notice in queue.Take())
        {
            _notices += notice.Notices;
            _report.Change(notice);
        }
    }
}
