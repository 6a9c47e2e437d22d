using DirectMap.Diagnostics;

namespace DirectMap.Regions;

/// <summary>What a region holds as long as it lives.</summary>
/// <param name="Held">The lease.</param>
/// <param name="Origin">Where the region was made; in diagnostic mode only.</param>
internal readonly record struct RegionLease(ILayoutLease Held, Origin? Origin)
{
    /// <summary>How long open scopes are waited for where nobody says: as long as a holder has to let go.</summary>
    internal static TimeSpan DrainTime(ILeaseCoordinator coordinator) => coordinator.LeaseBreakTime is var time && time != TimeSpan.Zero
        ? time
        : LeaseCoordinatorOptions.DefaultLeaseBreakTime;
}
