namespace DirectMap.Tool.Inspection;

/// <summary>How a trial ended.</summary>
internal enum VerdictResult
{
    /// <summary>It was mapped, and let go at once.</summary>
    Mappable = 0,

    /// <summary>The fault policy refuses the file or a part of it.</summary>
    Refused = 1,

    /// <summary>The caller may not.</summary>
    NotPermitted = 2,

    /// <summary>The kernel could not.</summary>
    Failed = 3,

    /// <summary>To try would have changed something.</summary>
    NotTried = 4,
}
