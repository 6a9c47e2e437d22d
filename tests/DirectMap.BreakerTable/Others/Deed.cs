namespace DirectMap.BreakerTable.Others;

/// <summary>What became of an operation.</summary>
/// <param name="Result">"ok", the errno's name, or the exception's.</param>
/// <param name="ProcessId">Who made it.</param>
/// <param name="Lacks">Why this machine cannot make it, or null.</param>
internal readonly record struct Deed(string Result, int ProcessId = 0, string? Lacks = null);
