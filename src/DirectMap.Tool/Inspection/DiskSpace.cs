namespace DirectMap.Tool.Inspection;

/// <summary>How much a file system holds, in bytes.</summary>
/// <param name="Total">0 where there is no storage at all.</param>
/// <param name="Free">For this user.</param>
internal readonly record struct DiskSpace(long Total, long Free)
{
    /// <returns>Null where nobody can say.</returns>
    internal static DiskSpace? Of(string path)
    {
        try
        {
            DriveInfo drive = new(Path.GetFullPath(path));
            return new DiskSpace(drive.TotalSize, drive.AvailableFreeSpace);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
