namespace DirectMap.Tool.Watching;

/// <summary>What is told of a change of the file, but for when it was noticed.</summary>
/// <param name="Origin">Who made it.</param>
/// <param name="ProcessId">The process; null where it is not known.</param>
/// <param name="ProcessName">Its name; null where it is not known.</param>
/// <param name="Engine">What has noticed it.</param>
/// <param name="Detail">What was found changed; null where it was only told that something was.</param>
internal sealed record Change(TrespassOrigin Origin, int? ProcessId, string? ProcessName, ProtectionEngine Engine, string? Detail)
{
    internal static Change Of(Trespass told) => new(told.Origin, told.ProcessId, told.ProcessName, told.Engine, told.Detail);
}

/// <summary>Notices of equal changes that waited together to be printed.</summary>
/// <param name="Change">The change.</param>
/// <param name="First">When the first was noticed.</param>
/// <param name="Last">When the last was noticed.</param>
/// <param name="Notices">How many there were. Each may stand for several changes: the kernel merges equal events.</param>
internal sealed record ChangeNotice(Change Change, DateTimeOffset First, DateTimeOffset Last, long Notices);
