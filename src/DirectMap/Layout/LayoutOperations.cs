using System.Diagnostics;
using DirectMap.Inodes;
using DirectMap.Linux;

namespace DirectMap.Layout;

/// <summary>
/// How every operation of an owner is made: the leases of other owners are broken first, on both files where there are two; then comes the
/// system call, and nothing else. The inodes are kept until the rights are given back: a file that is closed meanwhile closes with the
/// operation. Safe for any thread.
/// </summary>
internal sealed class LayoutOperations(OwnedFile own)
{
    /// <summary>An operation that always touches the same.</summary>
    internal void Perform(LayoutChange change, BreakOptions? options)
    {
        Patience patience = new(own.Coordinator.TimeProvider, options);
        while (!TryPerform(change, patience))
        {
            // Somebody was faster.
        }
    }

    /// <param name="plan">Is asked again where what the operation touches has changed meanwhile.</param>
    /// <param name="options">How the breaker waits.</param>
    internal void Perform(Func<LayoutChange> plan, BreakOptions? options)
    {
        Patience patience = new(own.Coordinator.TimeProvider, options);
        while (!TryPerform(plan(), patience))
        {
            // Planned again, since what it touches has changed.
        }
    }

    /// <summary>An operation that always touches the same, and has no source: it is made at the first attempt.</summary>
    internal void PerformAtOnce<T>(T change, BreakOptions? options)
        where T : struct, ILayoutChange, allows ref struct
    {
        bool isDone = TryPerform(change, Patience.ForOneAttempt(options));
        Debug.Assert(isDone && change.Source is null, "another attempt would have the whole timeout again");
    }

    /// <inheritdoc cref="Perform(LayoutChange, BreakOptions)"/>
    internal ValueTask PerformAsync(LayoutChange change, BreakOptions? options, CancellationToken cancellationToken) =>
        PerformAsync(change, plan: null, PatienceOf(options), cancellationToken);

    /// <inheritdoc cref="Perform(Func{LayoutChange}, BreakOptions)"/>
    internal ValueTask PerformAsync(Func<LayoutChange> plan, BreakOptions? options, CancellationToken cancellationToken) =>
        PerformAsync(fixedChange: null, plan, PatienceOf(options), cancellationToken);

    /// <summary>What can be said at the call, so that it is in no task.</summary>
    private Patience PatienceOf(BreakOptions? options)
    {
        own.ThrowIfClosed();
        return new Patience(own.Coordinator.TimeProvider, options);
    }

    private async ValueTask PerformAsync(
        LayoutChange? fixedChange, Func<LayoutChange>? plan, Patience patience, CancellationToken cancellationToken)
    {
        LayoutChange change;
        int errno;
        do
        {
            change = fixedChange ?? plan!();
            using KeptInode kept = own.Keep();
            using KeptInode keptSource = KeptSource(change);
            (NeededRight One, NeededRight? Two) needs = Needs(change, patience);
            using LayoutRights rights = await LayoutRights.TakeAsync(needs, patience, cancellationToken).ConfigureAwait(false);
            errno = await Task.Run(() => Apply(change), CancellationToken.None).ConfigureAwait(false);
        }
        while (!IsDone(errno, change));
    }

    /// <returns>False: nothing was done, and what the operation touches has changed.</returns>
    private bool TryPerform<T>(T change, Patience patience)
        where T : ILayoutChange, allows ref struct
    {
        int errno;
        using (own.Keep())
        using (KeptSource(change))
        using (LayoutRights.Take(Needs(change, patience), patience))
        {
            errno = Apply(change);
        }

        return IsDone(errno, change);
    }

    private static KeptInode KeptSource<T>(T change)
        where T : ILayoutChange, allows ref struct => change.Source is { } source ? source.File.Keep() : default;

    /// <summary>
    /// What a change needs the right for. Within one file that is one right of this owner for everything from the first to the last byte of
    /// both ranges, whatever object the source was given as.
    /// </summary>
    private (NeededRight One, NeededRight? Two) Needs<T>(T change, Patience patience)
        where T : ILayoutChange, allows ref struct
    {
        BreakOptions options = patience.Left();
        BreakRequest request = own.Request(change.Operation, change.Range, change.TakesBlocksAway, options);
        if (change.Source is not { } source)
        {
            return (new NeededRight(own.Inode.Arbiter, request), null);
        }

        BreakRequest from = source.File.RequestForSource(change.Operation, source.Range, change.TakesBlocksAway, options);
        return source.File.Id == own.Id
            ? (new NeededRight(own.Inode.Arbiter, request with { Range = Hull(request.Range, source.Range) }), null)
            : (new NeededRight(source.File.Inode.Arbiter, from), new NeededRight(own.Inode.Arbiter, request));
    }

    /// <summary>Under the rights. Whatever becomes of it, the layout counts as changed before the rights are given back.</summary>
    private int Apply<T>(T change)
        where T : ILayoutChange, allows ref struct
    {
        try
        {
            OpenedFile file = own.File;

            // The kernel looks at the length when a file grows, but at the place when it writes or shares.
            // It does so within a file that is longer than the limit already, too.
            bool looksAtPlace = change.Operation is LayoutOperation.Write or LayoutOperation.CloneRange or LayoutOperation.DedupeRange;
            bool isTooLong = change.ReachesTo > own.Inode.Backing.MaxFileSize && (looksAtPlace || change.ReachesTo > file.Status.Size);
            if (isTooLong)
            {
                return Errno.EFBIG;
            }

            using LastPage.Growth growth = LastPage.Begin(file, change.GrowsTo);
            return growth.Ended(change.Apply(file));
        }
        catch (Exception exception) when (exception.HResult == Errno.EBADF)
        {
            own.ThrowIfClosed(); // Meanwhile, and with it a description of its own.
            throw;
        }
        finally
        {
            // A failed operation may have done some of its work.
            // And a write, too, can make a page worse: it grows the file within it by a hole, or has copies of its neighbours reserved.
            bool moves = change.Operation is not (LayoutOperation.Write or LayoutOperation.Allocate or LayoutOperation.SetLength);
            Changed(own.Inode, moves);
            if (change.Source?.File.Inode is { } source && source != own.Inode)
            {
                Changed(source, moves);
            }
        }
    }

    private static void Changed(Inode inode, bool moves)
    {
        if (moves)
        {
            inode.BlocksMoved();
        }

        inode.LayoutChanged();
    }

    /// <returns>False: it is to be planned again.</returns>
    private bool IsDone<T>(int errno, T change)
        where T : ILayoutChange, allows ref struct
    {
        GC.KeepAlive(change.Source?.File);
        GC.KeepAlive(own);
        if (errno == Errno.EBADF)
        {
            own.ThrowIfClosed(); // As above.
        }

        return errno switch
        {
            0 => true,
            LayoutChange.RangeHasChanged => false,
            _ => throw Errno.ToExceptionOfChange(errno, change.Call, own.Reference.File.Path, change.Range),
        };
    }

    private static FileRange Hull(FileRange one, FileRange other)
    {
        long start = Math.Min(one.Offset, other.Offset);
        return new FileRange(start, Math.Max(one.End, other.End) - start);
    }
}
