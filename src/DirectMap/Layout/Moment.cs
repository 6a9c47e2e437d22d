using DirectMap.Threading;

namespace DirectMap.Layout;

/// <summary>
/// How long the second right is waited for while the first one is held: not at all, which begins its break; and after some rounds a
/// moment of real time, whatever clock the coordinator has.
/// </summary>
internal readonly struct Moment : IDisposable
{
    private const int RoundsWithoutWaiting = 3;

    private static readonly TimeSpan s_length = TimeSpan.FromMilliseconds(250);

    private readonly CancellationToken _callers;
    private readonly CancellationTokenSource? _end;
    private readonly bool _wasNonBlocking;

    /// <summary>For a thread, which keeps the time in <see cref="Wait"/>.</summary>
    internal Moment(int round, BreakOptions options)
        : this(round, options, isTimed: false, CancellationToken.None)
    {
    }

    internal Moment(int round, BreakOptions options, CancellationToken callers)
        : this(round, options, isTimed: true, callers)
    {
    }

    private Moment(int round, BreakOptions options, bool isTimed, CancellationToken callers)
    {
        _callers = callers;
        _wasNonBlocking = options.WhenUnavailable == WhenUnavailable.Refuse;
        if (round < RoundsWithoutWaiting)
        {
            Options = options with { WhenUnavailable = WhenUnavailable.Refuse };
            return;
        }

        Options = options;
        _end = CancellationTokenSource.CreateLinkedTokenSource(callers);
        if (isTimed)
        {
            _end.CancelAfter(s_length);
        }
    }

    internal bool IsNone => _end is null;

    internal BreakOptions Options { get; }

    internal CancellationToken Token => _end?.Token ?? _callers;

    /// <summary>Whether the right was not to be had only because it was waited for so briefly.</summary>
    internal bool WasTooShort(Exception exception) => exception switch
    {
        LeaseConflictException { Conflict: LeaseConflict.WouldBlock } => IsNone && !_wasNonBlocking,
        OperationCanceledException => !IsNone && !_callers.IsCancellationRequested,
        _ => false,
    };

    /// <summary>Waits for a right that was asked for with this moment's token.</summary>
    /// <exception cref="ThreadInterruptedException">The thread was interrupted; nobody has the right.</exception>
    internal ILayoutRight Wait(Task<ILayoutRight> right)
    {
        Uninterrupted.WaitOrCancel(right, _end!, s_length);
        return right.GetAwaiter().GetResult();
    }

    /// <summary>
    /// Which one to wait for first in the next round: the other one; or, when the second is going to be waited for, that of the file
    /// that everybody takes first.
    /// </summary>
    internal (NeededRight One, NeededRight Two) Next(NeededRight one, NeededRight two)
    {
        bool isInOrder = Compare(one.Request.File, two.Request.File) < 0;
        return IsNone || !isInOrder ? (two, one) : (one, two);
    }

    public void Dispose() => _end?.Dispose();

    private static int Compare(FileId one, FileId other) =>
        (one.Device, one.Inode, one.BirthTimeNanoseconds).CompareTo((other.Device, other.Inode, other.BirthTimeNanoseconds));
}
