using DirectMap.Diagnostics;

namespace DirectMap.Leases;

/// <summary>
/// One breaker as the table knows it, from its arrival to the end of its operation. Everything mutable is written under the table's gate.
/// </summary>
internal sealed class Breaker(LeaseTable table, BreakRequest request, long arrived, Origin? origin) : Waiting
{
    // The links of BreakerIndex.
    internal BreakerNode Left;
    internal BreakerNode Right;
    internal long LargestEnd; // of its tree's ranges
    internal long Earliest; // of its tree's numbers
    internal uint Priority;

    internal LeaseTable Table { get; } = table;

    internal BreakRequest Request { get; } = request;

    internal FileRange Range => Request.Range;

    /// <summary>When it arrived, by <see cref="DeadlineClock.Now"/>.</summary>
    internal long Arrived { get; } = arrived;

    internal Origin? Origin { get; } = origin;

    /// <summary>It has arrived, was not refused, and has neither finished nor given up.</summary>
    internal bool IsUnfinished { get; set; }

    /// <summary>Whether it holds the right to change the layout.</summary>
    internal bool IsRunning { get; set; }

    /// <summary>
    /// Completed, with the handle, when the right is granted, or when it can never be. Null for a breaker that did not have to wait, and
    /// from the grant on: the table must not keep the handle.
    /// </summary>
    internal TaskCompletionSource<ILayoutRight>? Granted { get; set; }

    /// <summary>Whether it is a right to make several operations.</summary>
    internal bool IsRight => Request.Operation == LayoutOperation.BreakLayout;

    /// <summary>
    /// Whether the other one is an operation under this one: of the same owner, within the range that it holds the right for.
    /// </summary>
    internal bool Covers(Breaker other) => IsHeldRightOf(other) && Range.Contains(other.Range);

    /// <summary>Whether this is a right that the other one's owner holds.</summary>
    internal bool IsHeldRightOf(Breaker other) =>
        IsRunning && !ReferenceEquals(this, other) && IsRight && Request.Owner == other.Request.Owner;
}
