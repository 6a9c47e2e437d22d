namespace DirectMap.Tests.Leases.Model;

/// <summary>What can happen to a coordinator.</summary>
internal enum ModelAction
{
    Acquire,
    Release,
    Upgrade,
    Downgrade,
    GiveUpRequest,
    Break,
    Join,
    GiveUpBreak,
    Finish,
    TimePasses,
    ChangeBreakTime,
}

/// <summary>
/// One step of a sequence. The numbers say which file, owner, range, lease or breaker is meant, each modulo how many there are; so every
/// sequence, also a shrunk one, means something.
/// </summary>
internal sealed record ModelCommand(ModelAction Action, int A, int B, int C, int D)
{
    public override string ToString() => $"new(ModelAction.{Action}, {A}, {B}, {C}, {D})";
}
