namespace DirectMap.Tool.Watching;

/// <summary>Hears of what is seen, in its order, on one thread at a time.</summary>
internal interface IWatchReport
{
    /// <summary>The file is watched from now on, or cannot be.</summary>
    void Begin(string path, long length, Protection protection, DateTimeOffset now);

    /// <summary>It is watched in another way than before, or no more.</summary>
    void Change(Protection protection, DateTimeOffset now);

    /// <summary>It was changed.</summary>
    void Change(ChangeNotice notice);

    /// <summary>It is watched no more, since nobody wants to know.</summary>
    void End(WatchSummary summary, DateTimeOffset now);
}

/// <summary>When to end.</summary>
/// <param name="Duration">After this time; null for never.</param>
/// <param name="Notices">After so many notices of changes, at least; null for never.</param>
internal readonly record struct WatchBounds(TimeSpan? Duration, long? Notices);

/// <summary>What came of it.</summary>
/// <param name="Duration">How long the file was watched.</param>
/// <param name="Notices">How many notices of changes there were.</param>
/// <param name="Protection">How it was watched at the end.</param>
/// <param name="IsInterrupted">Whether a signal has ended it.</param>
internal sealed record WatchSummary(TimeSpan Duration, long Notices, Protection Protection, bool IsInterrupted);
