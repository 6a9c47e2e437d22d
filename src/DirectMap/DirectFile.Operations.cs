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
            List<ILayoutBreak> rights = [];
            try
            {
                foreach ((ILeaseCoordinator coordinator, BreakRequest request) in Requests(change))
                {
                    rights.Add(coordinator.Break(request with { Options = patience.Left() ?? BreakOptions.Default }));
                }

                errno = Apply(change);
            }
            finally
            {
                GiveBack(rights);
            }
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
            List<ILayoutBreak> rights = [];
            try
            {
                foreach ((ILeaseCoordinator coordinator, BreakRequest request) in Requests(change))
                {
                    rights.Add(await coordinator.BreakAsync(request with { Options = patience.Left() ?? BreakOptions.Default }, cancellationToken).ConfigureAwait(false));
                }

                errno = await Task.Run(() => Apply(change), CancellationToken.None).ConfigureAwait(false);
            }
            finally
            {
                GiveBack(rights);
            }
        }
        while (errno == LayoutChange.RangeHasChanged);
        ThrowIfFailed(errno, change);
    }

    /// <summary>
    /// The rights that a change needs, in the order in which everybody takes them: by file, and within a file by offset. So two operations that need the same two never wait for each other.
    /// Within one file all of them are this owner's, whatever object the source was given as: else this owner would be broken by its own operation.
    /// </summary>
    private IEnumerable<(ILeaseCoordinator Coordinator, BreakRequest Request)> Requests(LayoutChange change)
    {
        BreakRequest own = Request(change.Operation, change.Range, change.TakesBlocksAway);
        if (change.Source is not { } source)
        {
            return [(Coordinator, own)];
        }

        if (source.File.Id == Id)
        {
            BreakRequest other = own with { Range = source.Range };
            return own.Range.Overlaps(other.Range)
                ? [(Coordinator, own with { Range = Hull(own.Range, other.Range) })] // The kernel will refuse it; that is not for us to say.
                : own.Range.Offset < other.Range.Offset ? [(Coordinator, own), (Coordinator, other)] : [(Coordinator, other), (Coordinator, own)];
        }

        BreakRequest from = source.File.RequestForSource(change.Operation, source.Range, change.TakesBlocksAway);
        return Compare(Id, source.File.Id) < 0 ? [(Coordinator, own), (source.File.Coordinator, from)] : [(source.File.Coordinator, from), (Coordinator, own)];
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
        bool isTooLong = change.GrowsTo > ResourceLimit.FileSize
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
            // A failed operation may have done some of its work. What is only written to is none the worse for it.
            if (change.Operation != LayoutOperation.Write)
            {
                _inode.Inode.LayoutChanged();
                change.Source?.File._inode.Inode.LayoutChanged();
            }
        }
    }

    private static void GiveBack(List<ILayoutBreak> rights)
    {
        for (int i = rights.Count - 1; i >= 0; i--)
        {
            rights[i].Dispose();
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

    private static int Compare(FileId one, FileId other) => (one.Device, one.Inode, one.BirthTimeNanoseconds).CompareTo((other.Device, other.Inode, other.BirthTimeNanoseconds));
}
