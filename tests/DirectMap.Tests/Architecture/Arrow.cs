namespace DirectMap.Tests.Architecture;

/// <summary>A use of a type from a file that does not declare it.</summary>
internal readonly record struct Arrow(string From, string To, string Type);
