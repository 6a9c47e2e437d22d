using System.Runtime.CompilerServices;

namespace DirectMap.Files;

/// <summary>The bytes of a file that a caller gives by offset and length.</summary>
internal static class FileRanges
{
    /// <exception cref="ArgumentOutOfRangeException">One is negative, or their sum overflows.</exception>
    internal static FileRange Of(long offset, long length, [CallerArgumentExpression(nameof(offset))] string? offsetName = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset, offsetName);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, long.MaxValue - length, offsetName);
        return new FileRange(offset, length);
    }

    /// <exception cref="ArgumentOutOfRangeException">There is no byte, the offset is negative, or their sum overflows.</exception>
    internal static FileRange NonEmpty(
        long offset, long length, [CallerArgumentExpression(nameof(offset))] string? offsetName = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        return Of(offset, length, offsetName);
    }
}
