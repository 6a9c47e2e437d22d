using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Breakers;

/// <summary>What a group needs of the kernel: its events, the answers to them, and what /proc tells of those who wait.</summary>
internal interface IHoldingKernel : IDisposable
{
    /// <summary>Waits for events, and reads them.</summary>
    /// <returns>0, or the error number.</returns>
    int TryRead(Span<byte> buffer, out int read);

    /// <returns>0, or the error number.</returns>
    int TryMark(SafeFileHandle description);

    /// <returns>0, or the error number.</returns>
    int TryUnmark(SafeFileHandle description);

    /// <inheritdoc cref="PreContent.TrySuspend"/>
    int TrySuspend(SafeFileHandle description);

    /// <inheritdoc cref="PreContent.TryResume"/>
    int TryResume(SafeFileHandle description);

    /// <summary>Which inode an event is of, and how long that is.</summary>
    /// <returns>0, or the error number.</returns>
    int TryIdentify(int descriptor, out InodeKey key, out long size);

    /// <summary>Answers an event, and closes its descriptor.</summary>
    /// <param name="descriptor">The event's.</param>
    /// <param name="errno">0 to let it go.</param>
    /// <returns>0, or the error number: ENOENT where nobody waits any more.</returns>
    int Answer(int descriptor, int errno);

    /// <summary>
    /// The system call that a thread waits in, by a few looks; of one that runs where it does not wait yet. For the group's own thread.
    /// </summary>
    ThreadCall LineOf(int thread);

    /// <summary>
    /// The same, for any thread: it waits until the other one does, since who asks is going to. Of one that runs where nobody can say;
    /// null where the thread is gone.
    /// </summary>
    ThreadCall? AwaitLineOf(int thread);

    /// <summary>Gives descriptors back that are kept for the next look. For the group's own thread.</summary>
    void Forget();

    /// <summary>Whether it is a thread of this process.</summary>
    bool IsOwn(int thread);

    ICallEvidence EvidenceOf(int thread);

    /// <summary>Looks whether a thread has left the call that it was let go for.</summary>
    /// <param name="thread">Which thread.</param>
    /// <param name="at">The call; null where nobody asked.</param>
    ICallEnd EndOf(int thread, ThreadCall? at);
}
