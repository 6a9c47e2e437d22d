using System.Runtime.InteropServices;

namespace DirectMap.Tests.Infrastructure;

/// <content>What a process does to its memory, and to its signals.</content>
internal static unsafe partial class PlainCalls
{
    internal const int LockCurrent = 1;
    internal const int LockFuture = 2;

    private const int RLIMIT_MEMLOCK = 8;
    private const int SIG_BLOCK = 0;
    private const int SIG_UNBLOCK = 1;
    private const int SignalWords = 16; // sigset_t

    /// <summary>What is mapped (<see cref="LockCurrent"/>), or will be (<see cref="LockFuture"/>), stays in memory.</summary>
    internal static Answer LockMemory(int what) => AnswerOf(Mlockall(what));

    /// <summary>
    /// How much memory this process may lock, in bytes, and at most what it may allow itself: so who is not root can go back.
    /// </summary>
    internal static Answer LimitLockedMemory(ulong bytes)
    {
        ulong* limit = stackalloc ulong[2];
        Answer answer = AnswerOf(Prlimit(0, RLIMIT_MEMLOCK, null, limit));
        *limit = Math.Min(bytes, limit[1]);
        return answer.Errno != 0 ? answer : AnswerOf(Prlimit(0, RLIMIT_MEMLOCK, limit, null));
    }

    internal static Answer UnlockMemory() => AnswerOf(Munlockall());

    /// <summary>The calling thread has SIGBUS blocked from now on, or not any more.</summary>
    internal static Answer BlockBusSignal(bool block)
    {
        ulong* set = stackalloc ulong[SignalWords];
        new Span<ulong>(set, SignalWords).Clear();
        *set = 1UL << (SIGBUS - 1);
        return new Answer(PthreadSigmask(block ? SIG_BLOCK : SIG_UNBLOCK, set, null));
    }

    [LibraryImport("libc", EntryPoint = "mlockall", SetLastError = true)]
    private static partial int Mlockall(int flags);

    [LibraryImport("libc", EntryPoint = "munlockall", SetLastError = true)]
    private static partial int Munlockall();

    [LibraryImport("libc", EntryPoint = "pthread_sigmask")]
    private static partial int PthreadSigmask(int how, ulong* set, ulong* former);
}
