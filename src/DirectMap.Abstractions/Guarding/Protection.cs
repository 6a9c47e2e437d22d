namespace DirectMap;

/// <summary>What a file, or a region of it, is protected from at one moment.</summary>
/// <remarks>Immutable, safe for any thread.</remarks>
/// <param name="Level">How far it goes.</param>
/// <param name="Reason">Why it is that, and not more, and what is not noticed; for a person to read.</param>
public sealed record Protection(ProtectionLevel Level, string Reason)
{
    /// <summary>By what means, beyond the leases of this process.</summary>
    public ProtectionEngine Engine { get; init; }

    /// <summary>Returns level, engine and reason, for messages.</summary>
    public override string ToString() => $"{Level}{(Engine == ProtectionEngine.None ? "" : $" by {Engine}")}: {Reason}";
}
