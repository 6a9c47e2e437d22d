namespace DirectMap;

/// <summary>By what means a file is protected from changes that do not come through this library.</summary>
public enum ProtectionEngine
{
    /// <summary>By none.</summary>
    None = 0,

    /// <summary>inotify(7), IN_MODIFY: tells that the file was changed, and not by which process.</summary>
    Inotify = 1,

    /// <summary>fanotify(7), FAN_MODIFY: tells that the file was changed, and whether this process did it; a privileged process is told
    /// which one.</summary>
    Fanotify = 2,
}
