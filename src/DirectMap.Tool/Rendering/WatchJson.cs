namespace DirectMap.Tool.Rendering;

/// <summary>The first line of <c>watch --json</c>: from here on changes are noticed.</summary>
internal sealed record WatchBeginJson
{
    public string Event { get; } = "begin";

    public required DateTimeOffset Time { get; init; }

    public required string Path { get; init; }

    public required long Length { get; init; }

    public required string Level { get; init; }

    public required string Engine { get; init; }

    public required string Reason { get; init; }
}

/// <summary>How far the file is watched, when that has changed.</summary>
internal sealed record WatchLevelJson
{
    public string Event { get; } = "level";

    public required DateTimeOffset Time { get; init; }

    public required string Level { get; init; }

    public required string Engine { get; init; }

    public required string Reason { get; init; }
}

/// <summary>A change, or several that were merged.</summary>
internal sealed record WatchChangeJson
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
internal sealed record WatchEndJson
{
    public string Event { get; } = "end";

    public required DateTimeOffset Time { get; init; }

    public required double Seconds { get; init; }

    public required long Notices { get; init; }

    public required string Level { get; init; }

    public required string Engine { get; init; }
}
