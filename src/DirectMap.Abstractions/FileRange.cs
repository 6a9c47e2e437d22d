namespace DirectMap;

/// <summary>A range of bytes in a file.</summary>
/// <remarks>Empty ranges touch nothing.</remarks>
public readonly record struct FileRange
{
    /// <summary>Creates a range.</summary>
    /// <param name="offset">First byte; 0 or more.</param>
    /// <param name="length">Length in bytes; 0 or more. <paramref name="offset"/> + <paramref name="length"/> must not exceed
    /// <see cref="long.MaxValue"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is negative, or their sum overflows.</exception>
    public FileRange(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, long.MaxValue - offset);
        Offset = offset;
        Length = length;
    }

    /// <summary>The whole file, also what it may yet grow to.</summary>
    public static FileRange Whole { get; } = new(0, long.MaxValue);

    /// <summary>First byte; 0 or more.</summary>
    public long Offset { get; }

    /// <summary>Length in bytes; 0 or more.</summary>
    public long Length { get; }

    /// <summary>The byte after the last one: <see cref="Offset"/> + <see cref="Length"/>; at most <see cref="long.MaxValue"/>.</summary>
    public long End => Offset + Length;

    /// <summary>Everything from <paramref name="offset"/> on, also what the file may yet grow to.</summary>
    /// <param name="offset">First byte; 0 or more.</param>
    /// <returns>The range; it ends at <see cref="long.MaxValue"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="offset"/> is negative.</exception>
    public static FileRange From(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return new FileRange(offset, long.MaxValue - offset);
    }

    /// <summary>Whether the two ranges have a byte in common.</summary>
    /// <param name="other">The other range.</param>
    public bool Overlaps(in FileRange other) => Length != 0 && other.Length != 0 && Offset < other.End && other.Offset < End;

    /// <summary>Whether the other range lies within this one.</summary>
    /// <remarks>An empty range lies within every one.</remarks>
    /// <param name="other">The other range.</param>
    public bool Contains(in FileRange other) => other.Length == 0 || (Offset <= other.Offset && other.End <= End);

    /// <summary>Returns the range as <c>[offset, end)</c>; <c>[offset, ...)</c> when it has no end.</summary>
    public override string ToString() => End == long.MaxValue ? $"[{Offset}, ...)" : $"[{Offset}, {End})";
}
