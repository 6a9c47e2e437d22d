namespace DirectMap.Breakers;

/// <summary>What is known of a thread that waits in a system call, as far as it is asked.</summary>
internal interface ICallEvidence
{
    /// <summary>The flags that one of its descriptors was opened with, as open(2) has them; null where nobody can say.</summary>
    int? FlagsOf(int descriptor);

    /// <summary>The number of the inode of one of its descriptors; null where nobody can say.</summary>
    ulong? InodeOf(int descriptor);

    /// <summary>
    /// Whether it is the only thread of its process: else another one may put another file behind a descriptor's number, between the
    /// system call's look at it and this one.
    /// </summary>
    bool IsAlone { get; }

    /// <summary>The functions of the kernel that it is in; null where nobody can say.</summary>
    string? Stack { get; }
}
