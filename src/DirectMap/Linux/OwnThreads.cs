using System.Runtime.InteropServices;

namespace DirectMap.Linux;

/// <summary>tgkill(2) without a signal: whether a thread is one of this process.</summary>
internal static partial class OwnThreads
{
    private static long Number => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 131 : 234;

    /// <summary>Whether this process has such a thread now.</summary>
    internal static bool Contains(int thread) => thread > 0 && Call(Number, Environment.ProcessId, thread, 0) == 0;

    [LibraryImport(Libc.Name, EntryPoint = "syscall", SetLastError = true)]
    private static partial long Call(long number, int process, int thread, int signal);
}
