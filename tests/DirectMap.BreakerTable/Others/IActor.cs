using DirectMap.BreakerTable.Holding;

namespace DirectMap.BreakerTable.Others;

/// <summary>Who makes an operation. Disposed when the row has ended: nothing of it stays open or mapped.</summary>
internal interface IActor : IDisposable
{
    /// <summary>What is made before the file is guarded, or between two leases.</summary>
    /// <returns>Why this machine cannot make it, or null.</returns>
    string? Prepare(Subject subject);

    /// <summary>The operation, while the mapping is held; called on a thread of its own, since it may have to wait.</summary>
    Deed Perform(Holder holder);

    /// <summary>Ends an operation that does not return. A thread of this process cannot be ended, so by default nothing is.</summary>
    void Kill()
    {
    }
}
