using DirectMap.Linux;

namespace DirectMap.Breakers;

/// <summary>What /proc tells of a thread that waits.</summary>
internal sealed class ThreadEvidence(int thread) : ICallEvidence
{
    private string? _stack;

    public bool IsAlone => ProcThread.IsAlone(thread);

    public string? Stack => _stack ??= ProcThread.TryReadStack(thread);

    public int? FlagsOf(int descriptor) => ProcThread.TryReadDescriptor(thread, descriptor, out int flags, out _) == 0 ? flags : null;

    public ulong? InodeOf(int descriptor) =>
        ProcThread.TryReadDescriptor(thread, descriptor, out _, out ulong inode) == 0 && inode != 0 ? inode : null;
}
