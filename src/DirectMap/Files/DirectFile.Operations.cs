using DirectMap.Files;
using DirectMap.Layout;
using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap;

/// <content>How every operation is made: the leases of other owners are broken first, on both files where there are two, then comes the system call and nothing else.</content>
public sealed partial class DirectFile
{
    private void Perform(Func<LayoutChange> plan, BreakOptions? options)
    {
        Patience patience = new(Coordinator.TimeProvider, options);
        LayoutChange change;
        int errno;
        do
        {
            change = plan();
            using Rights rights = Take(change, patience);
            errno = Apply(change);
        }
        while (errno == LayoutChange.RangeHasChanged);
        ThrowIfFailed(errno, change);
    }

    private async ValueTask PerformAsync(Func<LayoutChange> plan, BreakOptions? options, CancellationToken cancellationToken)
    {
        Patience patience = new(Coordinator.TimeProvider, options);
        LayoutChange change;
        int errno;
        do
        {
            change = plan();
            using Rights rights = await TakeAsync(change, patience, cancellationToken).ConfigureAwait(false);
            errno = await Task.Run(() => Apply(change), CancellationToken.None).ConfigureAwait(false);
        }
        while (errno == LayoutChange.RangeHasChanged);
        ThrowIfFailed(errno, change);
    }

    /// <summary>
    /// Takes the rights that a change needs. Of two it does not wait for long for the one while it holds the other: it waits for one, tries the other, and if that is not to be had lets go, waits for that one and tries the first. So
    /// whoever holds either, for one operation or for several, never waits for ever for somebody who waits for him. After some rounds it does wait a moment, in the order of the files: in a queue it has its turn, however many
    /// others come and go.
    /// </summary>
    private Rights Take(LayoutChange change, Patience patience)
    {
        (Need one, Need? two) = Needs(change);
        for (int round = 0; ; round++)
        {
            BreakOptions options = patience.Left() ?? BreakOptions.Default;
            ILayoutBreak first = one.Coordinator.Break(one.Request with { Options = options });
            if (two is null)
            {
                return new Rights(first, null);
            }

            using Moment moment = new(round, options, CancellationToken.None);
            try
            {
                ILayoutBreak second = moment.IsNone
                    ? two.Coordinator.Break(two.Request with { Options = moment.Options })
                    : two.Coordinator.BreakAsync(two.Request with { Options = moment.Options }, moment.Token).AsTask().GetAwaiter().GetResult();
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
        }
    }

    private async ValueTask<Rights> TakeAsync(LayoutChange change, Patience patience, CancellationToken cancellationToken)
    {
        (Need one, Need? two) = Needs(change);
        for (int round = 0; ; round++)
        {
            BreakOptions options = patience.Left() ?? BreakOptions.Default;
            ILayoutBreak first = await one.Coordinator.BreakAsync(one.Request with { Options = options }, cancellationToken).ConfigureAwait(false);
            if (two is null)
            {
                return new Rights(first, null);
            }

            using Moment moment = new(round, options, cancellationToken);
            try
            {
                return new Rights(first, await two.Coordinator.BreakAsync(two.Request with { Options = moment.Options }, moment.Token).ConfigureAwait(false));
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
        }
    }

    /// <summary>
    /// What a change needs the right for. Within one file that is one right of this owner for everything from the first to the last byte of both ranges, whatever object the source was given as.
    /// </summary>
    private (Need One, Need? Two) Needs(LayoutChange change)
    {
        BreakRequest own = Request(change.Operation, change.Range, change.TakesBlocksAway);
        if (change.Source is not { } source)
        {
            return (new Need(Coordinator, own), null);
        }

        BreakRequest from = source.File.RequestForSource(change.Operation, source.Range, change.TakesBlocksAway);
        return source.File.Id == Id
            ? (new Need(Coordinator, own with { Range = Hull(own.Range, source.Range) }), null)
            : (new Need(source.File.Coordinator, from), new Need(Coordinator, own));
    }

    private BreakRequest Request(LayoutOperation operation, FileRange range, bool takesBlocksAway)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        return _access == FileAccess.Read
            ? throw new UnauthorizedAccessException($"'{Path}' was opened for reading only: no {operation} (EBADF)") { HResult = Errno.EBADF }
            : RequestForSource(operation, range, takesBlocksAway);
    }

    /// <summary>Also through a file that was opened for reading only.</summary>
    private BreakRequest RequestForSource(LayoutOperation operation, FileRange range, bool takesBlocksAway)
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
        };
    }

    private int Apply(LayoutChange change)
    {
        SafeFileHandle file = File;

        // The kernel looks at the length when a file grows, but at the place when it writes or shares, also within a file that is longer than the limit already.
        bool isTooLong = change.GrowsTo > Backing.MaxFileSize
            && (change.Operation is LayoutOperation.Write or LayoutOperation.CloneRange or LayoutOperation.DedupeRange || change.GrowsTo > Length);
        if (isTooLong)
        {
            return Errno.EFBIG;
        }

        try
        {
            return change.Apply(file);
        }
        finally
        {
            // A failed operation may have done some of its work. And a write, too, can make a page worse: it grows the file within it by a hole, or has the file system reserve copies of its neighbours.
            _inode.Inode.LayoutChanged();
            change.Source?.File._inode.Inode.LayoutChanged();
        }
    }

    private void ThrowIfFailed(int errno, LayoutChange change)
    {
        GC.KeepAlive(change.Source?.File);
        if (errno == Errno.EINVAL)
        {
            throw new ArgumentException(
                $"{change.Call} of '{Path}', bytes {change.Range}: the file system refuses the arguments (EINVAL); where it works in blocks, offsets and lengths must be multiples of their size (not so the end of the file)")
            {
                HResult = errno,
            };
        }

        ThrowOn(errno, change.Call, change.Range);
    }

    private void ThrowOn(int errno, string call, FileRange range)
    {
        GC.KeepAlive(this);
        if (errno != 0)
        {
            throw Errno.ToException(errno, call, Path, range);
        }
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
    private sealed record Need(ILeaseCoordinator Coordinator, BreakRequest Request);

    /// <summary>How long the second right is waited for while the first one is held: not at all, which begins its break; and after some rounds a moment of real time, whatever clock the coordinator has.</summary>
    private readonly struct Moment : IDisposable
    {
        private const int RoundsWithoutWaiting = 3;

        private static readonly TimeSpan s_length = TimeSpan.FromMilliseconds(250);

        private readonly CancellationToken _callers;
        private readonly CancellationTokenSource? _end;
        private readonly bool _wasNonBlocking;

        internal Moment(int round, BreakOptions options, CancellationToken callers)
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
            _end.CancelAfter(s_length);
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

        /// <summary>Which one to wait for first in the next round: the other one; or, when the second is going to be waited for, that of the file that everybody takes first.</summary>
        internal (Need One, Need Two) Next(Need one, Need two)
        {
            bool isInOrder = Compare(one.Request.File, two.Request.File) < 0;
            return IsNone || !isInOrder ? (two, one) : (one, two);
        }

        public void Dispose() => _end?.Dispose();

        private static int Compare(FileId one, FileId other) => (one.Device, one.Inode, one.BirthTimeNanoseconds).CompareTo((other.Device, other.Inode, other.BirthTimeNanoseconds));
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
