namespace DirectMap.Tool.Rendering;

/// <summary>The lines that <c>watch --json</c> writes: how far the file is watched, at the beginning and when that changes.</summary>
internal sealed record ProtectionJson(string Event, DateTimeOffset Time, string Level, string Engine, string Reason);

/// <summary>A change, or several that were merged.</summary>
internal sealed record ChangeJson
{
    public string Event { get; } = "change";

    public required DateTimeOffset Time { get; init; }

    public required DateTimeOffset Until { get; init; }

    public required long Notices { get; init; }

    public required string Origin { get; init; }

    public required int? Pid { get; init; }

    public required string? Name { get; init; }

    public required string Engine { get; init; }

    public required string? Detail { get; init; }
}

/// <summary>The last line.</summary>
internal sealed record WatchSummaryJson(string Event, double Seconds, long Notices, string Level, string Engine);
