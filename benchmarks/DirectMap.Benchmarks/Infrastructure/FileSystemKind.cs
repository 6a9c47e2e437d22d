namespace DirectMap.Benchmarks.Infrastructure;

/// <summary>What a measured file lies on.</summary>
public enum FileSystemKind
{
    /// <summary>Memory: /dev/shm, or the temp folder where there is none.</summary>
    Tmpfs,

    /// <summary>That of the folder in which the program was started.</summary>
    Here,
}
