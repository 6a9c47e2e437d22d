namespace DirectMap.Leases;

/// <content>What tools and support see.</content>
internal sealed partial class LeaseTable
{
    /// <summary>Copies what there is at one moment.</summary>
    internal TableSnapshot TakeSnapshot()
    {
        List<LeaseRecord> leases = [];
        List<Breaker> breakers = [];
        using (EnterGate())
        {
            _active.CollectAll(leases);
            _breaking.CollectAll(leases);
            _running.CollectAll(breakers);
            _queued.CollectAll(breakers);
            return new TableSnapshot(File, leases, breakers, [.. _requests]);
        }
    }
}
