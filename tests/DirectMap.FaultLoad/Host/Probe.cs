using System.Runtime.InteropServices;
using DirectMap.FaultLoad.Infrastructure;

namespace DirectMap.FaultLoad.Host;

/// <summary>probe.c.</summary>
internal sealed unsafe class Probe(string path)
{
    internal const int Replaces = 0;
    internal const int Jumps = 1;
    internal const int Chains = 2;

    private readonly nint _library = NativeLibrary.Load(path);

    internal int Count => ((delegate* unmanaged<int>)Export("probe_count"))();

    internal int Flags => ((delegate* unmanaged<int>)Export("probe_flags"))();

    internal bool IsBlocked => ((delegate* unmanaged<int>)Export("probe_is_blocked"))() != 0;

    internal static void Compile(string target) => NativeBuild.Compile([Path.Combine(AppContext.BaseDirectory, "Host", "probe.c")], target);

    internal void Install(int how) => Claim.That(((delegate* unmanaged<int, int>)Export("probe_install"))(how) == 0, "the probe's handler is installed");

    internal int Load(byte* from) => ((delegate* unmanaged<byte*, int>)Export("probe_load"))(from);

    internal int ErrnoAfterLoad(byte* from, int before) => ((delegate* unmanaged<byte*, int, int>)Export("probe_errno"))(from, before);

    private nint Export(string name) => NativeLibrary.GetExport(_library, name);
}
