namespace DirectMap;

/// <summary>What <see cref="DirectFile.Prepare"/> is to prepare, and how.</summary>
public sealed record PrepareOptions
{
    /// <summary>The whole file, and only what is not ready; it waits for the holders of leases.</summary>
    public static PrepareOptions Default { get; } = new();

    /// <summary>The bytes of the file that are prepared; all of them by default.</summary>
    /// <remarks>
    /// <see cref="FileRange.From"/> and <see cref="FileRange.Whole"/> mean up to the end of the file as it is when it is prepared. Whole
    /// pages are prepared, and what the file system changes at once (on XFS with reflink windows of 128 KiB by default).
    /// <see cref="PrepareReport.Range"/> shows it.
    /// </remarks>
    public FileRange Range { get; init; } = FileRange.Whole;

    /// <summary>Whether to write everything anew, also what seems fit; false by default.</summary>
    /// <remarks>
    /// On btrfs a snapshot that was deleted since leaves no trace in the block map, and yet the next store to each block from before it
    /// moves it; this cures that, too. It costs what writing the file costs, and always breaks leases.
    /// </remarks>
    public bool Rewrite { get; init; }

    /// <summary>How to wait for the holders of leases; as long as it takes by default.</summary>
    public BreakOptions Break { get; init; } = BreakOptions.Default;

    /// <summary>Who is told how far it is, after each piece and at the end; null for nobody.</summary>
    /// <remarks>
    /// A piece has at most 32 MiB in which there was something to do. It is called on the thread that does the work, while nobody can
    /// change the file: an operation on the file fails there with EDEADLK, as in a break callback. <see cref="Progress{T}"/> posts it
    /// elsewhere, and there an operation waits until the file is prepared.
    /// </remarks>
    public IProgress<PrepareProgress>? Progress { get; init; }
}

/// <summary>How far <see cref="DirectFile.Prepare"/> is.</summary>
/// <param name="Done">How many bytes are ready; 0 or more, at most <paramref name="Total"/>.</param>
/// <param name="Total">How many bytes there are; 0 or more.</param>
public readonly record struct PrepareProgress(long Done, long Total);

/// <summary>What <see cref="DirectFile.Prepare"/> found and did.</summary>
/// <remarks>All figures are in bytes.</remarks>
public sealed record PrepareReport
{
    /// <summary>What was to be prepared: the range asked for, rounded out, up to the end of the file.</summary>
    public required FileRange Range { get; init; }

    /// <summary>How many bytes had no blocks and got some; 0 or more.</summary>
    public long Allocated { get; init; }

    /// <summary>
    /// How many bytes had unwritten blocks (or with <see cref="PrepareOptions.Rewrite"/> seemed fit), and have been written; 0 or more.
    /// </summary>
    public long Converted { get; init; }

    /// <summary>
    /// How many bytes shared their blocks with another file or range (reflink), and have blocks of their own now; 0 or more.
    /// </summary>
    public long Unshared { get; init; }

    /// <summary>How many bytes lay within metadata (inline data), and have blocks now; 0 or more.</summary>
    public long Relocated { get; init; }

    /// <summary>How many bytes were as they should be and were left alone: the rest of <see cref="Range"/>; 0 or more.</summary>
    public long AlreadyWritten => Range.Length - Allocated - Converted - Unshared - Relocated;

    /// <summary>Whether the file system leaves the blocks there; <see cref="BlockMapStability.Unverified"/> where nobody can say.</summary>
    public required BlockMapStability Stability { get; init; }

    /// <summary>Returns a line for messages.</summary>
    public override string ToString() =>
        $"{Range}: {AlreadyWritten} bytes left as they were, {Allocated} allocated, {Converted} converted, {Unshared} unshared, "
        + $"{Relocated} moved out of metadata; block map {Stability}";
}
