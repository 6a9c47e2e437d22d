namespace DirectMap;

/// <summary>By what means a file is protected from changes that do not come through this library.</summary>
public enum ProtectionEngine
{
    /// <summary>By none.</summary>
    None = 0,

    /// <summary>By inotify (IN_MODIFY), which tells that the file was changed, and not by which process.</summary>
    Inotify = 1,

    /// <summary>By fanotify (FAN_MODIFY), which tells that the file was changed, and whether this process did it.</summary>
    /// <remarks>A process with CAP_SYS_ADMIN is told which process did it.</remarks>
    Fanotify = 2,

    /// <summary>By fanotify's pre-content events (FAN_PRE_ACCESS): who changes the file waits before anything happens.</summary>
    /// <remarks>It needs Linux 6.14, CAP_SYS_ADMIN, and ext4, XFS or btrfs.</remarks>
    PreContent = 3,
}
