using Microsoft.Win32.SafeHandles;

namespace DirectMap.Files;

/// <summary>One operation that changes a file, ready to be made as soon as its leases are broken.</summary>
/// <param name="Operation">What it is.</param>
/// <param name="Range">What it touches.</param>
/// <param name="Call">The system call's name, for messages.</param>
/// <param name="Apply">Makes it; returns 0, the error number, or <see cref="RangeHasChanged"/>.</param>
/// <param name="TakesBlocksAway">Whether it must not touch what its owner has mapped.</param>
internal sealed record LayoutChange(LayoutOperation Operation, FileRange Range, string Call, Func<SafeFileHandle, int> Apply, bool TakesBlocksAway = false)
{
    /// <summary>Nothing was done: the operation would by now touch more than its range. Plan and break again.</summary>
    internal const int RangeHasChanged = -1;

    /// <summary>The other file that it touches; null: there is none, or it is only read.</summary>
    internal LayoutSource? Source { get; init; }

    /// <summary>The file's length afterwards, if it is not that long already; 0 for what does not grow it. What the kernel holds RLIMIT_FSIZE against.</summary>
    internal long GrowsTo { get; init; }
}

/// <summary>The file that an operation takes blocks or bytes from.</summary>
/// <param name="File">Which.</param>
/// <param name="Range">What the operation touches there.</param>
internal sealed record LayoutSource(DirectFile File, FileRange Range);
