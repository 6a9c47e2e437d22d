using System.Diagnostics;

namespace DirectMap.Leases;

/// <content>The invariants, by their numbers, as far as they are cheap to look at. In debug builds only.</content>
internal sealed partial class LeaseTable
{
    [Conditional("DEBUG")]
    private void AssertMayBeGranted(LeaseRequest request) =>
        Debug.Assert(ObstacleOfUnsynchronized(request) is null, "5, 8: a lease is granted where a breaker or an exclusive lease is");

    [Conditional("DEBUG")]
    private void AssertMayRun(Breaker breaker)
    {
        LeaseFilter others = LeaseFilter.OfOthers(breaker.Range, breaker.Request.Owner);
        Debug.Assert(_active.Find(others) is null && _breaking.Find(others) is null, "1: a breaker runs while a lease is in force");
        Debug.Assert(_running.FindUncovering(breaker) is null, "2: two breakers run on the same bytes");
    }

    [Conditional("DEBUG")]
    private static void AssertWatches(Waiting waiting) => Debug.Assert(waiting.Watched is not null, "11: who waits watches nothing");

    [Conditional("DEBUG")]
    private void AssertCounts()
    {
        Debug.Assert(_exclusive >= 0 && _exclusive <= _granted - _ended, "8: exclusive leases are counted wrongly");
        Debug.Assert(_ended <= _granted, "more leases have ended than were granted");
        Debug.Assert(_queued.IsEmpty == (_queuedCount == 0) && _queuedCount >= 0, "breakers that wait are counted wrongly");
    }
}
