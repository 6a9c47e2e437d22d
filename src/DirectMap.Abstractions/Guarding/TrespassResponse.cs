namespace DirectMap;

/// <summary>What becomes of a region when its file was changed without asking (<see cref="Trespass"/>).</summary>
/// <remarks>The trespass is told in each case.</remarks>
public enum TrespassResponse
{
    /// <summary>It is revoked where the level was required (<see cref="GuardDemand.Required"/>), and else only told.</summary>
    ByDemand = 0,

    /// <summary>It is only told.</summary>
    Tell = 1,

    /// <summary>It is revoked, with <see cref="FaultCause.Trespass"/>.</summary>
    Revoke = 2,
}
