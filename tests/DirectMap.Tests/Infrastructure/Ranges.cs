namespace DirectMap.Tests.Infrastructure;

/// <summary>Ranges as tests give them in tables.</summary>
internal static class Ranges
{
    /// <summary>So many bytes; up to the end of the file where no length is given.</summary>
    internal static FileRange Of(long offset, long? length) =>
        length is { } bytes ? new FileRange(offset, bytes) : FileRange.From(offset);
}
