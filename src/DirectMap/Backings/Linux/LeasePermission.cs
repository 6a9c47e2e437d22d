using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>Who may hold a lease: the file's owner, or who has CAP_LEASE. The kernel decides, by a trial.</summary>
internal static class LeasePermission
{
    /// <exception cref="UnauthorizedAccessException">The caller may not.</exception>
    internal static void ThrowIfNone(SafeFileHandle file, string path, FileAccess access, uint owner)
    {
        int errno = FileLease.TryPermission(file, isWritable: access != FileAccess.Read, path);
        bool permitted = errno switch
        {
            0 => true,
            Errno.EACCES => false,

            // No leases here (leases-enable=0, or the file system has none): the owner is the one who may be asked about without CAP_LEASE.
            _ => Geteuid.Get() == owner,
        };
        if (!permitted)
        {
            throw new UnauthorizedAccessException($"'{path}': for a lease the caller must own the file or have CAP_LEASE (EACCES)")
            {
                HResult = Errno.EACCES
            };
        }
    }
}
