namespace DirectMap;

/// <summary>Who breaks leases by a system call that the kernel holds until they have let go.</summary>
/// <remarks>It is immutable, and safe for any thread. Numbers are of this process's pid namespace.</remarks>
public sealed record BreakerProcess
{
    /// <summary>Its process id (a number); 0 where it is not known.</summary>
    public required int ProcessId { get; init; }

    /// <summary>The id (a number) of the thread that makes the call; 0 where it is not known.</summary>
    public required int ThreadId { get; init; }

    /// <summary>What the process calls itself (comm); null where that is not known.</summary>
    public required string? Command { get; init; }

    /// <summary>The system call, by the kernel's name or by its number; null where that is not known.</summary>
    public required string? SystemCall { get; init; }

    /// <summary>Returns a phrase for messages.</summary>
    public override string ToString() =>
        $"{Command ?? "an unknown program"} (pid {ProcessId}{(ThreadId == ProcessId ? "" : $", thread {ThreadId}")}), "
        + (SystemCall ?? "an unknown system call");
}
