namespace DirectMap.Breakers;

/// <summary>What a system call that waits was found to be.</summary>
/// <param name="Role">What it is to the file.</param>
/// <param name="Operation">What it is going to do, where it is not harmless.</param>
/// <param name="Range">The bytes that it touches.</param>
/// <param name="Name">The system call, in words.</param>
/// <param name="Refuses">Whether it does not want to wait (O_NONBLOCK of an opening, RWF_NOWAIT).</param>
internal readonly record struct JudgedCall(CallRole Role, LayoutOperation Operation, FileRange Range, string Name, bool Refuses = false);
