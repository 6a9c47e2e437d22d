using System.Diagnostics;
using DirectMap.Files;
using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Linux;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap;

/// <content>How every operation is made: the leases of other owners are broken first, on both files where there are two, then comes the
/// system call and nothing else.</content>
public sealed partial class DirectFile
{
    private void Perform(Func<LayoutChange> plan, BreakOptions? options)
    {
        Patience patience = new(Coordinator.TimeProvider, options);
        while (!TryPerform(plan(), patience))
        {
            // Planned again, since what it touches has changed.
        }
    }

    /// <summary>An operation that always touches the same, and has no source: it is made at the first attempt.</summary>
    private void PerformAtOnce<T>(T change, BreakOptions? options)
        where T : struct, ILayoutChange, allows ref struct
    {
        bool isDone = TryPerform(change, Patience.ForOneAttempt(options));
        Debug.Assert(isDone && change.Source is null, "another attempt would have the whole timeout again");
    }

    private async ValueTask PerformAsync(Func<LayoutChange> plan, BreakOptions? options, CancellationToken cancellationToken)
    {
        Patience patience = new(Coordinator.TimeProvider, options);
        LayoutChange change;
        int errno;
        do
        {
            change = plan();
            using Rights rights = await TakeAsync(Needs(change, patience), patience, cancellationToken).ConfigureAwait(false);
            errno = await Task.Run(() => Apply(change), CancellationToken.None).ConfigureAwait(false);
        }
        while (!IsDone(errno, change));
    }

    /// <returns>False: nothing was done, and what the operation touches has changed.</returns>
    private bool TryPerform<T>(T change, Patience patience)
        where T : ILayoutChange, allows ref struct
    {
        int errno;
        using (Take(Needs(change, patience), patience))
        {
            errno = Apply(change);
        }

        return IsDone(errno, change);
    }

    /// <summary>
    /// Takes the rights that a change needs. Of two it does not wait for long for the one while it holds the other: it waits for one, tries
    /// the other, and if that is not to be had lets go, waits for that one and tries the first. So whoever holds either, for one operation
    /// or for several, never waits for ever for somebody who waits for him. After some rounds it does wait a moment, in the order of the
    /// files: in a queue it has its turn, however many others come and go.
    /// </summary>
    private static Rights Take((Need One, Need? Two) needs, Patience patience) => needs.Two is { } two
        ? TakeBoth(needs.One, two, patience)
        : new Rights(needs.One.Coordinator.Break(needs.One.Request), null);

    private static Rights TakeBoth(Need one, Need two, Patience patience)
    {
        BreakOptions options = one.Request.Options;
        for (int round = 0; ; round++)
        {
            using Moment moment = new(round, options);
            ILayoutBreak first = one.Coordinator.Break(one.RequestWith(options));
            try
            {
                ILayoutBreak second = moment.IsNone
                    ? two.Coordinator.Break(two.RequestWith(moment.Options))
                    : moment.Wait(two.Coordinator.BreakAsync(two.RequestWith(moment.Options), moment.Token).AsTask());
                return new Rights(first, second);
            }
            catch (Exception exception)
            {
                first.Dispose();
                if (!moment.WasTooShort(exception))
                {
                    throw;
                }
            }

            (one, two) = moment.Next(one, two);
            options = patience.Left();
        }
    }

    private static async ValueTask<Rights> TakeAsync((Need One, Need? Two) needs, Patience patience, CancellationToken cancellationToken)
    {
        (Need one, Need? two) = needs;
        BreakOptions options = one.Request.Options;
        for (int round = 0; ; round++)
        {
            ILayoutBreak first = await one.Coordinator.BreakAsync(one.RequestWith(options), cancellationToken).ConfigureAwait(false);
            if (two is not { } other)
            {
                return new Rights(first, null);
            }

            using Moment moment = new(round, options, cancellationToken);
            try
            {
                BreakRequest request = other.RequestWith(moment.Options);
                ILayoutBreak second = await other.Coordinator.BreakAsync(request, moment.Token).ConfigureAwait(false);
                return new Rights(first, second);
            }
            catch (Exception exception)
            {
                first.Dispose();
                if (!moment.WasTooShort(exception))
                {
                    throw;
                }
            }

            (one, two) = moment.Next(one, other);
            options = patience.Left();
        }
    }

    /// <summary>
    /// What a change needs the right for. Within one file that is one right of this owner for everything from the first to the last byte of
    /// both ranges, whatever object the source was given as.
    /// </summary>
    private (Need One, Need? Two) Needs<T>(T change, Patience patience)
        where T : ILayoutChange, allows ref struct
    {
        BreakOptions options = patience.Left();
        BreakRequest own = Request(change.Operation, change.Range, change.TakesBlocksAway, options);
        if (change.Source is not { } source)
        {
            return (new Need(Coordinator, own), null);
        }

        BreakRequest from = source.File.RequestForSource(change.Operation, source.Range, change.TakesBlocksAway, options);
        return source.File.Id == Id
            ? (new Need(Coordinator, own with { Range = Hull(own.Range, source.Range) }), null)
            : (new Need(source.File.Coordinator, from), new Need(Coordinator, own));
    }

    private BreakRequest Request(LayoutOperation operation, FileRange range, bool takesBlocksAway, BreakOptions? options = null)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        return _opened.Access == FileAccess.Read
            ? throw new UnauthorizedAccessException($"'{Path}' was opened for reading only: no {operation} (EBADF)")
            {
                HResult = Errno.EBADF
            }
            : RequestForSource(operation, range, takesBlocksAway, options ?? BreakOptions.Default);
    }

    /// <summary>Also through a file that was opened for reading only.</summary>
    private BreakRequest RequestForSource(LayoutOperation operation, FileRange range, bool takesBlocksAway, BreakOptions options)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        return new BreakRequest
        {
            File = Id,
            Owner = _owner,
            Operation = operation,
            Range = range,
            TakesBlocksAway = takesBlocksAway,
            Breaker = Description,
            Options = options,
        };
    }

    /// <summary>Under the rights. Whatever becomes of it, the layout counts as changed before the rights are given back.</summary>
    private int Apply<T>(T change)
        where T : ILayoutChange, allows ref struct
    {
        try
        {
            OpenedFile file = File;

            // The kernel looks at the length when a file grows, but at the place when it writes or shares.
            // It does so within a file that is longer than the limit already, too.
            bool looksAtPlace = change.Operation is LayoutOperation.Write or LayoutOperation.CloneRange or LayoutOperation.DedupeRange;
            bool isTooLong = change.ReachesTo > Backing.MaxFileSize && (looksAtPlace || change.ReachesTo > Length);
            if (isTooLong)
            {
                return Errno.EFBIG;
            }

            using LastPage.Growth growth = LastPage.Begin(file, change.GrowsTo);
            return growth.Ended(change.Apply(file));
        }
        finally
        {
            // A failed operation may have done some of its work.
            // And a write, too, can make a page worse: it grows the file within it by a hole, or has copies of its neighbours reserved.
            Inode own = _inode.Inode;
            own.LayoutChanged();
            if (change.Source?.File._inode.Inode is { } source && source != own)
            {
                source.LayoutChanged();
            }
        }
    }

    /// <returns>False: it is to be planned again.</returns>
    private bool IsDone<T>(int errno, T change)
        where T : ILayoutChange, allows ref struct
    {
        GC.KeepAlive(change.Source?.File);
        GC.KeepAlive(this);
        return errno switch
        {
            0 => true,
            LayoutChange.RangeHasChanged => false,
            _ => throw Errno.ToExceptionOfChange(errno, change.Call, Path, change.Range),
        };
    }

    private static FileRange RangeOf(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, long.MaxValue - length);
        return new FileRange(offset, length);
    }

    private static FileRange NonEmptyRangeOf(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        return RangeOf(offset, length);
    }

    private static FileRange Hull(FileRange one, FileRange other)
    {
        long start = Math.Min(one.Offset, other.Offset);
        return new FileRange(start, Math.Max(one.End, other.End) - start);
    }

    /// <summary>A right to be had.</summary>
    private readonly record struct Need(ILeaseCoordinator Coordinator, BreakRequest Request)
    {
        internal BreakRequest RequestWith(BreakOptions options) =>
            ReferenceEquals(Request.Options, options) ? Request : Request with { Options = options };
    }

    /// <summary>
    /// How long the second right is waited for while the first one is held: not at all, which begins its break; and after some rounds a
    /// moment of real time, whatever clock the coordinator has.
    /// </summary>
    private readonly struct Moment : IDisposable
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
            _wasNonBlocking = options.NonBlocking;
            if (round < RoundsWithoutWaiting)
            {
                Options = options with { NonBlocking = true };
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
        internal ILayoutBreak Wait(Task<ILayoutBreak> right)
        {
            Uninterrupted.WaitOrCancel(right, _end!, s_length);
            return right.GetAwaiter().GetResult();
        }

        /// <summary>
        /// Which one to wait for first in the next round: the other one; or, when the second is going to be waited for, that of the file
        /// that everybody takes first.
        /// </summary>
        internal (Need One, Need Two) Next(Need one, Need two)
        {
            bool isInOrder = Compare(one.Request.File, two.Request.File) < 0;
            return IsNone || !isInOrder ? (two, one) : (one, two);
        }

        public void Dispose() => _end?.Dispose();

        private static int Compare(FileId one, FileId other) =>
            (one.Device, one.Inode, one.BirthTimeNanoseconds).CompareTo((other.Device, other.Inode, other.BirthTimeNanoseconds));
    }

    /// <summary>The rights that were had.</summary>
    private readonly struct Rights(ILayoutBreak first, ILayoutBreak? second) : IDisposable
    {
        public void Dispose()
        {
            second?.Dispose();
            first.Dispose();
        }
    }
}
