using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Infrastructure;

/// <content>Processes.</content>
internal static unsafe partial class PlainCalls
{
    private const int RLIMIT_NOFILE = 7;

    internal static Answer SignalProcess(int process, int signal) => AnswerOf(KillCall(process, signal));

    /// <summary>How many descriptors this process may have from now on.</summary>
    internal static Answer LimitDescriptors(int count)
    {
        ulong* limit = stackalloc ulong[] { (ulong)count, (ulong)count };
        return AnswerOf(Prlimit(0, RLIMIT_NOFILE, limit, null));
    }

    /// <summary>Another descriptor of the same description; null where this process may have no more.</summary>
    internal static SafeFileHandle? TryDuplicate(SafeFileHandle file)
    {
        int descriptor = Fcntl(file, F_DUPFD_CLOEXEC, 0);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>This process is another program from now on. Where it is not, the answer says why.</summary>
    internal static Answer BecomeProgram(string path)
    {
        nint name = Marshal.StringToCoTaskMemUTF8(path);
        nint* arguments = stackalloc nint[] { name, 0 };
        return AnswerOf(Execv(name, arguments));
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int KillCall(int process, int signal);

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true)]
    private static partial int Execv(nint path, nint* arguments);
}
