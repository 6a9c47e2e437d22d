using DirectMap.Inodes;
using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Regions;

/// <summary>How a file was opened, as far as mapping it and holding leases on it go.</summary>
/// <param name="Access">For what.</param>
/// <param name="LeasesWithoutOwnership">Whether the system's rule of who may hold a lease is waived. That is right only as long as no other
/// process can be made to wait by one.</param>
/// <param name="Guard">What it is to be protected from.</param>
internal readonly record struct OpenedAs(FileAccess Access, bool LeasesWithoutOwnership, GuardOptions Guard)
{
    /// <returns>Whether it is by the waiver only that the caller may hold a lease.</returns>
    /// <exception cref="UnauthorizedAccessException">The caller may not.</exception>
    internal bool CheckLease(OpenedFile file, uint owner)
    {
        if (file.MayLease(Access, owner))
        {
            return false;
        }

        if (Guard is { Demand: GuardDemand.Required, Level: > ProtectionLevel.Watched })
        {
            throw new UnauthorizedAccessException(
                $"'{file.Path}': the level {Guard.Level} makes other processes wait, so the caller must own the file or have CAP_LEASE; "
                    + $"{nameof(DirectFileOptions)}.{nameof(DirectFileOptions.LeasesWithoutOwnership)} does not waive that (EACCES)")
            {
                HResult = Errno.EACCES
            };
        }

        return LeasesWithoutOwnership ? true : throw new UnauthorizedAccessException(
            $"'{file.Path}': for a lease the caller must own the file or have CAP_LEASE, as in the kernel; "
                + $"{nameof(DirectFileOptions)}.{nameof(DirectFileOptions.LeasesWithoutOwnership)} waives that (EACCES)")
        {
            HResult = Errno.EACCES
        };
    }
}
