using System.Runtime.InteropServices;
using DirectMap.FaultLoad.Infrastructure;

namespace DirectMap.FaultLoad.Host;

/// <summary>probe.c.</summary>
internal sealed unsafe class Probe(string path)
{
    internal const int Replaces = 0;
    internal const int Jumps = 1;
    internal const int Chains = 2;
    internal const int Returns = 3;
    internal const int Resets = 4;

    private readonly nint _library = NativeLibrary.Load(path);

    internal int Count => ((delegate* unmanaged<int>)Export("probe_count"))();

    internal int Flags => ((delegate* unmanaged<int>)Export("probe_flags"))();

    /// <summary>Whether SIGUSR1, as the handler has asked for, was blocked when it was last called.</summary>
    internal bool WasMasked => ((delegate* unmanaged<int>)Export("probe_was_masked"))() != 0;

    internal static void Compile(string target) => NativeBuild.Compile([Path.Combine(AppContext.BaseDirectory, "Host", "probe.c")], target);

    internal void Install(int how) =>
        Claim.That(((delegate* unmanaged<int, int>)Export("probe_install"))(how) == 0, "the probe's handler is installed");

    internal int Load(byte* from) => ((delegate* unmanaged<byte*, int>)Export("probe_load"))(from);

    internal bool IsBlocked(int signal) => ((delegate* unmanaged<int, int>)Export("probe_is_blocked"))(signal) != 0;

    internal void Ignore() => Claim.That(((delegate* unmanaged<int>)Export("probe_ignore"))() == 0, "SIGBUS is ignored");

    /// <param name="from">What is loaded.</param>
    /// <param name="before">What errno is before.</param>
    /// <param name="isScarce">Whether the kernel has no anonymous memory to give meanwhile.</param>
    internal int ErrnoAfterLoad(byte* from, int before, bool isScarce = false) =>
        ((delegate* unmanaged<byte*, int, int, int>)Export("probe_errno"))(from, before, isScarce ? 1 : 0);

    /// <summary>A SIGBUS for an address, though nothing is wrong with it.</summary>
    internal void Send(byte* address, int code) =>
        Claim.Is(0, ((delegate* unmanaged<byte*, int, int>)Export("probe_send"))(address, code), "what rt_tgsigqueueinfo returns");

    /// <summary>Whether a child of fork has a mapping with some text in its name; null where it could not find out.</summary>
    internal bool? IsMappedInFork(string text)
    {
        fixed (byte* bytes = System.Text.Encoding.UTF8.GetBytes(text + '\0'))
        {
            return ((delegate* unmanaged<byte*, int>)Export("probe_fork_maps"))(bytes) switch { 0 => false, 1 => true, _ => null };
        }
    }

    /// <summary>
    /// What becomes of a child of fork that loads from a page of its own there, which is not to be had: 1000 and the signal, or 10 and how
    /// often the probe's handler was called.
    /// </summary>
    internal int EndOfFork(byte* address, nuint length) =>
        ((delegate* unmanaged<byte*, nuint, int>)Export("probe_fork_faults"))(address, length);

    /// <summary>Sends the calling thread a SIGBUS as kill does.</summary>
    internal void Kill() => Claim.Is(0, ((delegate* unmanaged<int>)Export("probe_kill"))(), "what tgkill returns");

    /// <summary>How often the handler that resets has come; so many may go on.</summary>
    internal int ResetCount => ((delegate* unmanaged<int>)Export("probe_resets"))();

    internal void Release(int calls) => ((delegate* unmanaged<int, void>)Export("probe_release"))(calls);

    /// <summary>membarrier fails in the calling thread from now on.</summary>
    internal void ForbidBarrier() =>
        Claim.Is(0, ((delegate* unmanaged<int>)Export("probe_forbid_barrier"))(), "whether membarrier goes on in spite of the filter");

    private nint Export(string name) => NativeLibrary.GetExport(_library, name);
}
