using DirectMap.Linux;

namespace DirectMap.FileSystems;

/// <summary>What a file's attributes mean for a mapping.</summary>
internal static class FileDescription
{
    private const Statx.StatxAttributes Known =
        Statx.StatxAttributes.STATX_ATTR_COMPRESSED | Statx.StatxAttributes.STATX_ATTR_IMMUTABLE | Statx.StatxAttributes.STATX_ATTR_APPEND
        | Statx.StatxAttributes.STATX_ATTR_ENCRYPTED | Statx.StatxAttributes.STATX_ATTR_VERITY;

    /// <summary>All that a policy gets to see.</summary>
    internal static FileFacts Describe(
        in FileSystem fileSystem, in Statx.FileStatus status, MappingAccess access, MapMode mode) =>
        new(fileSystem.Name, fileSystem.Stability, status.IsDax, LoadsAllocate: fileSystem.IsVolatile, mode)
        {
            Access = access,
            Attributes = (InodeAttributes)(status.Attributes & Known)
                | (fileSystem.IsNoCopyOnWrite ? InodeAttributes.NoCopyOnWrite : InodeAttributes.None),
            Remedy = fileSystem.Remedy,
        };

    /// <summary>
    /// Whoever opened the file before it became immutable can still map it for writing, but on ext4 a store then raises SIGBUS (measured on
    /// 6.18). So it is refused as opening it would be by now, whatever the policy says.
    /// </summary>
    /// <exception cref="UnauthorizedAccessException">The file may not be written to (EPERM).</exception>
    internal static void ThrowIfUnchangeable(in Statx.FileStatus status, string path, MappingAccess access)
    {
        const Statx.StatxAttributes Unchangeable = Statx.StatxAttributes.STATX_ATTR_IMMUTABLE | Statx.StatxAttributes.STATX_ATTR_APPEND
            | Statx.StatxAttributes.STATX_ATTR_VERITY;
        if (access != MappingAccess.Read && (status.Attributes & Unchangeable) != 0)
        {
            throw new UnauthorizedAccessException(
                $"'{path}' is immutable, append-only or protected by fs-verity; it cannot be mapped or prepared for writing (EPERM)")
            {
                HResult = Errno.EPERM
            };
        }
    }
}
