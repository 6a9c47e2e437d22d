using System.Runtime.CompilerServices;

namespace DirectMap.FaultLoad.Load;

/// <summary>How the pages that were lost in a round come back.</summary>
internal enum Ending
{
    /// <summary>The file is grown, and the pages restored, under accesses.</summary>
    Restore,

    /// <summary>The same, and the region is disposed meanwhile.</summary>
    RestoreAndDispose,

    /// <summary>The region is disposed under accesses.</summary>
    Dispose,

    /// <summary>The region is forgotten; its finalizer unmaps it.</summary>
    Drop,

    /// <summary>Another owner truncates the file further, so that a direct mapping is revoked.</summary>
    Revoke,
}

/// <summary>A round of a team: the same for all of its members.</summary>
/// <param name="Region">What is accessed.</param>
/// <param name="Kept">How many pages the file keeps.</param>
/// <param name="Ending">How it goes on.</param>
internal sealed record RoundPlan(MappedRegion Region, int Kept, Ending Ending)
{
    // An object, since the record is copied.
    private readonly StrongBox<long> _first = new(-1);

    internal bool IsRevoked => Ending == Ending.Revoke && Region.Facts.IsDirect;

    internal bool IsDisposed => Ending is Ending.Dispose or Ending.RestoreAndDispose;

    internal bool GrowsUnderAccess => Ending is Ending.Restore or Ending.RestoreAndDispose;

    /// <summary>From where on the file has no pages when the round's last part is over.</summary>
    internal int KeptAtEnd => Ending == Ending.Revoke ? Kept - 1 : Kept;

    /// <summary>
    /// Whether a page is what a region that is lost as a whole tells of to whoever meets no lost page: one of those that are lost, and
    /// always the same one.
    /// </summary>
    internal bool IsFirst(FileRange lost)
    {
        long was = Interlocked.CompareExchange(ref _first.Value, lost.Offset, -1);
        return Region.Facts.FaultReach == FaultReach.Region && lost.Length == PageContent.PageSize
            && lost.Offset >= (long)Kept * PageContent.PageSize && (was < 0 || was == lost.Offset);
    }
}
