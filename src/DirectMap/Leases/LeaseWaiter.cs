namespace DirectMap.Leases;

/// <summary>A request for a lease that waits until no break is pending.</summary>
internal sealed class LeaseWaiter(LeaseRequest request)
{
    internal LeaseRequest Request { get; } = request;

    internal TaskCompletionSource<LayoutLease> Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
