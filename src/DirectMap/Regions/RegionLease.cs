using DirectMap.Diagnostics;

namespace DirectMap.Regions;

/// <summary>What a region holds as long as it lives.</summary>
/// <param name="Owner">Whose it is.</param>
/// <param name="Held">The lease.</param>
/// <param name="Origin">Where the region was made; in diagnostic mode only.</param>
/// <param name="Ending">What its file is protected from, and what becomes of it where that is not enough.</param>
internal readonly record struct RegionLease(object Owner, ILayoutLease Held, Origin? Origin, RegionEnding Ending);
