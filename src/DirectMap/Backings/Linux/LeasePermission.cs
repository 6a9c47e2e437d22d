using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>Who may hold a lease: the file's owner, or who has CAP_LEASE. The kernel decides, by a trial.</summary>
internal static class LeasePermission
{
    internal static bool IsGiven(SafeFileHandle file, string path, FileAccess access, uint owner) =>
        KernelLease.TryPermission(file, isWritable: access != FileAccess.Read, path) switch
        {
            0 => true,
            Errno.EACCES => false,

            // No leases here (leases-enable=0, or the file system has none): the owner is the one who may be asked about without CAP_LEASE.
            _ => Geteuid.Get() == owner,
        };
}
