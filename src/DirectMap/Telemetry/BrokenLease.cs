namespace DirectMap.Telemetry;

/// <summary>A broken lease at the moment when it ended, or could not be ended.</summary>
/// <param name="Holder">In words.</param>
/// <param name="Range">What it covers.</param>
/// <param name="File">Of which file.</param>
/// <param name="Break">What broke it.</param>
/// <param name="Held">How long since then; null when nobody watched when the break began.</param>
internal readonly record struct BrokenLease(string Holder, FileRange Range, FileId File, LeaseBreak Break, TimeSpan? Held);
