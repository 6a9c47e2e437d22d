namespace DirectMap.Tests.Architecture;

/// <summary>A folder of src/DirectMap, or the whole of src/DirectMap.Abstractions.</summary>
/// <param name="Name">The folder's.</param>
/// <param name="Layer">0 for the lowest.</param>
/// <param name="Uses">The rooms that it may use, beside Abstractions.</param>
internal sealed record Room(string Name, int Layer, IReadOnlyList<string> Uses);
