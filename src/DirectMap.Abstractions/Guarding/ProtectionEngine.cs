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
}
