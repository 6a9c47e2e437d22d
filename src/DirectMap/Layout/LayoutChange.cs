using DirectMap.Inodes;

namespace DirectMap.Layout;

/// <summary>
/// One operation that changes a file, ready to be made as soon as its leases are broken. Every operation goes the same way, which is
/// <see cref="LayoutOperations"/>, with its type as an argument. So does one that holds a span, which no delegate can hold.
/// </summary>
internal interface ILayoutChange
{
    /// <summary>What it is.</summary>
    LayoutOperation Operation { get; }

    /// <summary>What it touches.</summary>
    FileRange Range { get; }

    /// <summary>The system call's name, for messages.</summary>
    string Call { get; }

    /// <summary>Whether it must not touch what its owner has mapped.</summary>
    bool TakesBlocksAway { get; }

    /// <summary>The other file that it touches; null: there is none, or it is only read.</summary>
    LayoutSource? Source { get; }

    /// <summary>The file's length afterwards, if it is not that long already; 0 for what does not grow it.</summary>
    long GrowsTo { get; }

    /// <summary>
    /// What the kernel holds RLIMIT_FSIZE against: the length afterwards, or the end of what is allocated behind a length that stays.
    /// </summary>
    long ReachesTo { get; }

    /// <summary>Makes it; returns 0, the error number, or <see cref="LayoutChange.RangeHasChanged"/>.</summary>
    int Apply(OpenedFile file);
}

/// <summary>An operation whose system call is a delegate.</summary>
/// <param name="Operation">What it is.</param>
/// <param name="Range">What it touches.</param>
/// <param name="Call">The system call's name, for messages.</param>
/// <param name="Apply">Makes it; returns 0, the error number, or <see cref="RangeHasChanged"/>.</param>
/// <param name="TakesBlocksAway">Whether it must not touch what its owner has mapped.</param>
internal sealed record LayoutChange(
    LayoutOperation Operation, FileRange Range, string Call, Func<OpenedFile, int> Apply, bool TakesBlocksAway = false)
    : ILayoutChange
{
    /// <summary>Nothing was done: the operation would by now touch more than its range. Plan and break again.</summary>
    internal const int RangeHasChanged = -1;

    /// <inheritdoc cref="ILayoutChange.Source"/>
    public LayoutSource? Source { get; init; }

    /// <inheritdoc cref="ILayoutChange.GrowsTo"/>
    public long GrowsTo { get; init; }

    /// <inheritdoc cref="ILayoutChange.ReachesTo"/>
    public long ReachesTo
    {
        get => Math.Max(field, GrowsTo);
        init;
    }

    int ILayoutChange.Apply(OpenedFile file) => Apply(file);
}

/// <summary>The file that an operation takes blocks or bytes from.</summary>
/// <param name="File">Which.</param>
/// <param name="Range">What the operation touches there.</param>
internal sealed record LayoutSource(OwnedFile File, FileRange Range);
