namespace DirectMap;

/// <summary>
/// The identity of a file, whatever path, hard link or symbolic link it was opened by: device, inode number and birth time.
/// </summary>
/// <remarks>
/// The birth time tells a new file apart from a deleted one whose inode number it got. The portable backing has only paths to go by: there
/// the device is <see cref="ulong.MaxValue"/>, and the other two are a hash of the path without symbolic links.
/// </remarks>
/// <param name="Device">Number of the device that holds the file system (major in the upper 32 bits, minor in the lower).</param>
/// <param name="Inode">Inode number (<c>st_ino</c>).</param>
/// <param name="BirthTimeNanoseconds">Birth time (<c>stx_btime</c>) in nanoseconds since the Unix epoch; 0 where the
/// file system keeps none.</param>
public readonly record struct FileId(ulong Device, ulong Inode, long BirthTimeNanoseconds)
{
    /// <summary>
    /// Returns device and inode number, for messages: <c>8:1/4711</c>; for the portable backing <c>path/</c> and a part of the hash.
    /// </summary>
    public override string ToString() =>
        Device == ulong.MaxValue ? $"path/{Inode:x16}" : $"{Device >> 32}:{Device & uint.MaxValue}/{Inode}";
}
