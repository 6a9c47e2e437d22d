using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Infrastructure;

/// <content>Descriptors, the record locks that belong to a process, and a signal.</content>
internal static unsafe partial class PlainCalls
{
    internal const int O_WRONLY = 1;

    private const int F_SETFD = 2;
    private const int F_SETLK = 6;
    private const int F_SETLEASE = 1024;
    private const int F_DUPFD_CLOEXEC = 1030;
    private const int F_UNLCK = 2;
    private const short F_WRLCK = 1;
    private const int F_SETSIG = 10;
    private const int SIGURG = 23;
    private const int SIGWINCH = 28;

    /// <summary>Another descriptor of the same description.</summary>
    internal static SafeFileHandle Duplicate(SafeFileHandle file)
    {
        int descriptor = Fcntl(file, F_DUPFD_CLOEXEC, 0);
        Assert.True(descriptor >= 0, $"dup: errno {Last}");
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Lets the processes that are started from now on have the descriptor.</summary>
    internal static Answer LetInherit(SafeFileHandle file) => AnswerOf(Fcntl(file, F_SETFD, 0));

    /// <summary>An exclusive record lock, as applications have had them for long.</summary>
    internal static Answer LockRecord(SafeFileHandle file, long offset, long length)
    {
        // struct flock: type and whence, start, length, process.
        long* argument = stackalloc long[] { F_WRLCK, offset, length, 0 };
        return AnswerOf(Fcntl(file, F_SETLK, argument));
    }

    /// <summary>
    /// Who breaks the next lease on the description sends a signal that is ignored (SIGURG), instead of one that ends the process; the
    /// kernel forgets that with the lease.
    /// </summary>
    internal static Answer SoftenLeases(SafeFileHandle file) => AnswerOf(Fcntl(file, F_SETSIG, SIGURG));

    /// <summary>A lease that no one else may open the file beside (F_WRLCK), or none.</summary>
    internal static Answer SetWriteLease(SafeFileHandle file, bool isTaken) =>
        AnswerOf(Fcntl(file, F_SETLEASE, (long*)(isTaken ? F_WRLCK : F_UNLCK)));

    /// <summary>Sends one thread of this process a signal that means nothing to it.</summary>
    internal static Answer SignalWindowChange(int thread) => AnswerOf(Tgkill(Environment.ProcessId, thread, SIGWINCH));

    [LibraryImport("libc", EntryPoint = "tgkill", SetLastError = true)]
    private static partial int Tgkill(int process, int thread, int signal);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(SafeFileHandle file, int command, long* argument);
}
