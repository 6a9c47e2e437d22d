using DirectMap.Threading;

namespace DirectMap.Leases;

/// <summary>A request for a lease, or for the upgrade of one, that waits until nothing is in its way.</summary>
internal sealed class LeaseWaiter : Waiting
{
    internal LeaseWaiter(LeaseRequest request, long arrived, Diagnostics.Origin? origin)
    {
        Request = request;
        Arrived = arrived;
        Origin = origin;
    }

    internal LeaseWaiter(LeaseRecord upgraded, long arrived)
    {
        Upgraded = upgraded;
        Arrived = arrived;
    }

    /// <summary>What is asked for; null for an upgrade.</summary>
    internal LeaseRequest? Request { get; }

    /// <summary>The lease to be made exclusive; null for a new one.</summary>
    internal LeaseRecord? Upgraded { get; }

    internal Diagnostics.Origin? Origin { get; }

    /// <summary>When it arrived, by <see cref="DeadlineClock.Now"/>.</summary>
    internal long Arrived { get; }

    internal FileRange Range => Upgraded?.Range ?? Request!.Range;

    /// <summary>The new lease; null when an upgrade is done.</summary>
    internal TaskCompletionSource<LayoutLease?> Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal void Fail(Exception failure) => Granted.Fail(failure);
}
