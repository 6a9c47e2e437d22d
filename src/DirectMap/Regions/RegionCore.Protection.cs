using DirectMap.Mapping;

namespace DirectMap.Regions;

/// <content>What the file is protected from, and what becomes of the region when that was not enough.</content>
internal sealed partial class RegionCore
{
    /// <summary>What the file is protected from, and why the mapping was revoked where that was not enough.</summary>
    internal RegionEnding Ending => _lease.Ending;

    /// <summary>What the region does about faults.</summary>
    internal RegionFaults Faults => _faults;
    /// <summary>
    /// Revokes the mapping though nobody broke the lease: accesses begin to fail, the pages are replaced, the lease goes. It waits for
    /// nobody, and does nothing where the mapping is gone.
    /// </summary>
    internal void RevokeFor(OutsideReason reason)
    {
        if (Life > MappingLife.Releasing)
        {
            return;
        }

        Ending.Set(reason);
        try
        {
            Mapping.Invalidate(MappingLife.Revoked, RegionMapping.GraceAtDeadline);
        }
        catch (IOException exception)
        {
            Events.PagesNotReplaced(exception); // The lease stays, as the file's pages are still there.
            return;
        }

        GC.KeepAlive(this);
        Lease.Dispose();
    }
}
