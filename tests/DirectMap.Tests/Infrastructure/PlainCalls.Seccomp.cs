using System.Runtime.InteropServices;

namespace DirectMap.Tests.Infrastructure;

/// <content>A filter of system calls.</content>
internal static unsafe partial class PlainCalls
{
    private const int PR_SET_SECCOMP = 22;
    private const int PR_SET_NO_NEW_PRIVS = 38;
    private const int SECCOMP_MODE_FILTER = 2;
    private const uint ProcessVmReadOnX64 = 310;
    private const uint ProcessVmReadOnArm64 = 270;
    private const uint Faccessat2 = 439;
    private const uint SyncfsOnX64 = 306;
    private const uint SyncfsOnArm64 = 267;
    private const uint FcntlOnX64 = 72;
    private const uint FcntlOnArm64 = 25;
    private const uint FanotifyInitOnX64 = 300;
    private const uint FanotifyInitOnArm64 = 262;
    private const uint SetLease = 1024; // F_SETLEASE
    private const uint ReturnErrno = 0x00050000;
    private const uint ReturnAllow = 0x7fff0000;

    /// <summary>process_vm_readv fails in the calling thread from now on (EPERM), as in some containers.</summary>
    internal static Answer ForbidProcessVmReads() => Forbid(ProcessVmReadOnX64, ProcessVmReadOnArm64);

    /// <summary>faccessat2 fails in the calling thread from now on (EPERM), as in filters that are older than it.</summary>
    internal static Answer ForbidFaccessat2() => Forbid(Faccessat2, Faccessat2);

    /// <summary>syncfs fails in the calling thread from now on (EPERM).</summary>
    internal static Answer ForbidSyncfs() => Forbid(SyncfsOnX64, SyncfsOnArm64);

    /// <summary>fanotify_init fails in the calling thread, and those that it starts, from now on (EPERM), as in many containers.</summary>
    internal static Answer ForbidFanotify() => Forbid(FanotifyInitOnX64, FanotifyInitOnArm64);

    /// <summary>fcntl with F_SETLEASE fails in the calling thread from now on (EPERM).</summary>
    internal static Answer ForbidLeases()
    {
        const uint SecondArgument = 24; // where it is in struct seccomp_data
        BpfInstruction* filter = stackalloc BpfInstruction[]
        {
            new BpfInstruction { Code = 0x20 },
            new BpfInstruction { Code = 0x15, Then = 0, Otherwise = 3, Operand = NumberOf(FcntlOnX64, FcntlOnArm64) },
            new BpfInstruction { Code = 0x20, Operand = SecondArgument },
            new BpfInstruction { Code = 0x15, Then = 0, Otherwise = 1, Operand = SetLease },
            new BpfInstruction { Code = 0x06, Operand = ReturnErrno | (uint)EPERM },
            new BpfInstruction { Code = 0x06, Operand = ReturnAllow },
        };
        return Install(filter, 6);
    }

    private static Answer Forbid(uint onX64, uint onArm64)
    {
        uint number = NumberOf(onX64, onArm64);
        BpfInstruction* filter = stackalloc BpfInstruction[]
        {
            new BpfInstruction { Code = 0x20 }, // load the system call's number
            new BpfInstruction { Code = 0x15, Then = 0, Otherwise = 1, Operand = number }, // skip the next one unless it is that
            new BpfInstruction { Code = 0x06, Operand = ReturnErrno | (uint)EPERM },
            new BpfInstruction { Code = 0x06, Operand = ReturnAllow },
        };
        return Install(filter, 4);
    }

    private static uint NumberOf(uint onX64, uint onArm64) =>
        RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? onArm64 : onX64;

    private static Answer Install(BpfInstruction* filter, ushort length)
    {
        BpfProgram program = new() { Length = length, Filter = filter };
        Answer answer = AnswerOf(Prctl(PR_SET_NO_NEW_PRIVS, 1, null));
        return answer.Errno != 0 ? answer : AnswerOf(Prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
    }

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int Prctl(int option, nint argument, void* pointer, nint fourth = 0, nint fifth = 0);

    /// <summary>struct sock_filter</summary>
    private struct BpfInstruction
    {
        internal ushort Code;
        internal byte Then;
        internal byte Otherwise;
        internal uint Operand;
    }

    /// <summary>struct sock_fprog</summary>
    private struct BpfProgram
    {
        internal ushort Length;
        internal BpfInstruction* Filter;
    }
}
