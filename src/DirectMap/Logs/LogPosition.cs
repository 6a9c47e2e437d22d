namespace DirectMap.Logs;

/// <summary>A place in a log: where a record is, or will be, and its number.</summary>
internal readonly record struct LogPosition(long Position, long Sequence);
