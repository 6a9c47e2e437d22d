namespace DirectMap.Tool.Watching;

/// <summary>A change of the file that somebody made, as the library tells of it.</summary>
/// <param name="Origin">Who: another process, this one, or nobody knows.</param>
/// <param name="ProcessId">The process; null where it is not known.</param>
/// <param name="ProcessName">Its name; null where it is not known.</param>
/// <param name="Engine">What has noticed it.</param>
/// <param name="Detail">What else is known; null for nothing.</param>
internal sealed record Change(string Origin, int? ProcessId, string? ProcessName, string Engine, string? Detail);

/// <summary>Notices of equal changes that waited for each other to be printed.</summary>
/// <param name="Change">The change.</param>
/// <param name="First">When the first was noticed.</param>
/// <param name="Last">When the last was noticed.</param>
/// <param name="Notices">How many there were. Each may stand for several changes: the kernel merges equal events.</param>
internal sealed record ChangeNotice(Change Change, DateTimeOffset First, DateTimeOffset Last, long Notices);
