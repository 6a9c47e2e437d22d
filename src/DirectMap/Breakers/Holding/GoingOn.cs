namespace DirectMap.Breakers;

/// <summary>What a thread was let go for, and may still be in.</summary>
/// <param name="Thread">Which thread.</param>
/// <param name="Range">What it may touch.</param>
/// <param name="Number">Of all that were let go for this file.</param>
/// <param name="Call">What it is, where it waited; null where nobody asked.</param>
internal readonly record struct GoingOn(int Thread, FileRange Range, long Number, HeldCall? Call);
