using DirectMap.Diagnostics;

namespace DirectMap.Regions;

/// <summary>What a region holds as long as it lives.</summary>
/// <param name="Held">The lease.</param>
/// <param name="Origin">Where the region was made; in diagnostic mode only.</param>
/// <param name="Watch">What it hears of those who did not ask; null for nothing.</param>
internal readonly record struct RegionLease(ILayoutLease Held, Origin? Origin, RegionWatch? Watch);
