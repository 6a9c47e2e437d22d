namespace DirectMap;

/// <summary>An unfinished breaker, as a snapshot saw it.</summary>
public sealed record BreakerInfo
{
    /// <summary>The file.</summary>
    public required FileId File { get; init; }

    /// <summary>Who breaks, in words.</summary>
    public required string Breaker { get; init; }

    /// <summary>What is to be done.</summary>
    public required LayoutOperation Operation { get; init; }

    /// <summary>The bytes it touches.</summary>
    public required FileRange Range { get; init; }

    /// <summary>Whether it holds the right to change the layout (the operation is under way); otherwise it waits.</summary>
    public required bool IsRunning { get; init; }

    /// <summary>When it arrived, by the coordinator's clock (the system's to about 10 ms).</summary>
    public required DateTimeOffset ArrivedAt { get; init; }

    /// <summary>Where it came from: a stack trace; null unless the coordinator was in diagnostic mode then.</summary>
    public string? StackTrace { get; init; }

    /// <summary>Returns a line for messages.</summary>
    public override string ToString() =>
        $"{(IsRunning ? "running" : "waiting")} {Operation} of {Range} of {File} by {Breaker} since {ArrivedAt:O}";
}
