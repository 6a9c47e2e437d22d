namespace DirectMap.Durability;

/// <content>For tests only: whether there was a sync at all.</content>
internal sealed partial class SyncLedger
{
    /// <summary>How many syncs have begun, or more: it grows with each.</summary>
    internal long Begun => Volatile.Read(ref _lastTicket);
}
