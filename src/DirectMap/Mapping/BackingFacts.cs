namespace DirectMap.Mapping;

/// <summary>What opened a file, and what that can do with a mapping of it.</summary>
/// <param name="Kind">The backing.</param>
/// <param name="Revocation">How a mapping is taken away.</param>
internal readonly record struct BackingFacts(FileBackingKind Kind, Stated<RevocationKind> Revocation);
