using DirectMap.Inodes;
using DirectMap.Threading;

namespace DirectMap.Regions;

/// <summary>What a region's file is protected from as long as the region lives; and why it was revoked without a break.</summary>
internal sealed partial class RegionEnding(Inode inode, RegionFacts facts, RegionWatch? watch)
{
    private readonly UninterruptedLock _gate = new();
    private OutsideReason? _reason; // set before the mapping is revoked for it
    private readonly HashSet<TaskCompletionSource> _waiters = []; // under the gate
    private bool _hasEnded;

    /// <summary>What a region is protected from that has let go, or was revoked.</summary>
    internal static Protection Gone { get; } = new(ProtectionLevel.None, "the region holds no lease any more");

    /// <summary>What the region's handlers hear from; null where nothing is told.</summary>
    internal OutsideNotifier? Notifier => watch?.Notifier;

    /// <summary>What the file is protected from now.</summary>
    internal Protection Protection => inode.ProtectionOf(facts);

    /// <summary>What an access met when the mapping was revoked.</summary>
    internal MappingFaultException Fault(FileRange range, FaultAccess access, ILayoutLease lease, Extent? extent)
    {
        OutsideReason? reason = Volatile.Read(ref _reason);
        return new MappingFaultException
        {
            Path = facts.Path,
            Cause = reason?.Cause ?? FaultCause.Revoked,
            Access = access,
            Range = range,
            Break = reason is null ? lease.CurrentBreak : null,
            Trespass = reason?.Trespass,
            Detail = reason?.Detail,
            Extent = extent,
        };
    }

    /// <summary>Why a region may have been disposed, for the message.</summary>
    internal static string AskedFor(ILayoutLease lease) =>
        lease.CurrentBreak is { } wanted ? $" after {wanted.Operation} of {wanted.Range} by {wanted.Breaker} had asked for the file" : "";

    /// <summary>The mapping is going to be revoked. The first reason stays.</summary>
    internal void Set(OutsideReason reason) => Interlocked.CompareExchange(ref _reason, reason, null);

    /// <summary>The region lets go: it hears nothing any more.</summary>
    internal void End()
    {
        watch?.Close();
        TaskCompletionSource[] waiters;
        using (_gate.Enter())
        {
            _hasEnded = true;
            waiters = [.. _waiters];
            _waiters.Clear();
        }

        Array.ForEach(waiters, static waiter => waiter.Complete());
    }

    /// <summary>Completes when the protection is another than a known one, or the region lets go.</summary>
    internal async Task<Protection> WaitForChangeAsync(Protection known, CancellationToken cancellationToken)
    {
        while (true)
        {
            TaskCompletionSource waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
            inode.Arbiter.AddWaiter(waiter); // Before the look: a change after it completes this one.
            try
            {
                if (!TryWait(waiter))
                {
                    return Gone;
                }

                if (Protection is { } now && now != known)
                {
                    return now;
                }

                await waiter.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                inode.Arbiter.RemoveWaiter(waiter);
                using (_gate.Enter())
                {
                    _ = _waiters.Remove(waiter);
                }
            }
        }
    }

    private bool TryWait(TaskCompletionSource waiter)
    {
        using (_gate.Enter())
        {
            return !_hasEnded && _waiters.Add(waiter);
        }
    }
}
