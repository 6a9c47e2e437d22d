using System.Diagnostics;
using DirectMap.FaultLoad.Infrastructure;
using DirectMap.FaultLoad.Load;

namespace DirectMap.FaultLoad.Host;

/// <summary>What a child process does; the name of the case is the method's. Each returns its exit code.</summary>
internal static unsafe class HostCases
{
    private const int SA_ONSTACK = 0x08000000;

    private static readonly int s_page = Environment.SystemPageSize;

    internal static int Run(string name, string[] arguments) => name switch
    {
        nameof(NullReferencesAreCaught) => NullReferencesAreCaught(),
        nameof(HandlerBeforeReplaces) => HandlerBeforeReplaces(new Probe(arguments[0])),
        nameof(HandlerBeforeJumps) => HandlerBeforeJumps(new Probe(arguments[0])),
        nameof(HandlerAfterChains) => HandlerAfterChains(new Probe(arguments[0])),
        nameof(HandlerAfterDoesNotChain) => HandlerAfterDoesNotChain(new Probe(arguments[0])),
        nameof(Flags) => Flags(new Probe(arguments[0])),
        nameof(ErrnoIsKept) => ErrnoIsKept(new Probe(arguments[0])),
        nameof(KillSelf) => KillSelf(arguments[0]),
        nameof(StartChild) => StartChild(arguments[0]),
        nameof(RawAccess) => RawAccess(arguments[0]),
        nameof(RawNativeAccess) => RawNativeAccess(arguments[0]),
        _ => throw new ArgumentException($"There is no case {name}."),
    };

    /// <summary>Faults and null references by turns.</summary>
    private static int NullReferencesAreCaught()
    {
        using LostRegion lost = new();
        for (int i = 0; i < 16; i++)
        {
            lost.Fault();
            for (int kind = 0; kind < 4; kind++)
            {
                try
                {
                    NullReferences.Follow(null, kind);
                    return 1;
                }
                catch (NullReferenceException)
                {
                    // As it must be.
                }
            }
        }

        Console.WriteLine("16 faults and 64 null references were exceptions");
        return 0;
    }

    /// <summary>A handler from before still gets the faults that are none of the library's.</summary>
    private static int HandlerBeforeReplaces(Probe probe)
    {
        probe.Install(Probe.Replaces);
        using LostRegion lost = new();
        byte* page = MapLostPage();
        lost.Fault();
        Claim.Is(0, probe.Count, "calls of the other handler after a fault in a region");
        Claim.Is(0, Volatile.Read(ref *page), "what a raw load sees that the other handler serves");
        Claim.Is(1, probe.Count, "calls of the other handler");
        lost.Fault();
        Claim.Is(1, probe.Count, "calls of the other handler after one more fault in a region");
        return 0;
    }

    /// <summary>The same, and it does not return.</summary>
    private static int HandlerBeforeJumps(Probe probe)
    {
        probe.Install(Probe.Jumps);
        using LostRegion lost = new();
        byte* page = MapLostPage();
        for (int i = 1; i <= 3; i++)
        {
            lost.Fault();
            Claim.Is(-1, probe.Load(page), "the load that the other handler jumps out of");
            Claim.Is(i, probe.Count, "calls of the other handler");
            Claim.That(!probe.IsBlocked, "SIGBUS is not blocked after a jump out of the handler");
        }

        return 0;
    }

    private static int HandlerAfterChains(Probe probe)
    {
        using LostRegion lost = new();
        lost.Fault();
        probe.Install(Probe.Chains);
        lost.Fault();
        Claim.Is(1, probe.Count, "calls of the other handler");
        using MappedRegion auto = LostRegion.MapAnother(FaultContainment.Auto);
        Claim.Is(ContainmentKind.Handler, auto.Containment.Kind, "containment");
        Claim.That(auto.Containment.Reason.Contains("installed over it", StringComparison.Ordinal), "the region says that there is another handler");
        return 0;
    }

    private static int HandlerAfterDoesNotChain(Probe probe)
    {
        using LostRegion lost = new();
        lost.Fault();
        probe.Install(Probe.Replaces);
        Claim.That(lost.Region.Read<long>((long)lost.NextPage() * s_page) == 0 && probe.Count == 1, "the other handler takes the faults");
        using MappedRegion auto = LostRegion.MapAnother(FaultContainment.Auto);
        Claim.That(auto.Containment.Reason.Contains("cannot be seen", StringComparison.Ordinal), "the region says that it does not know");
        try
        {
            LostRegion.MapAnother(FaultContainment.Required).Dispose();
        }
        catch (MapRefusedException refused)
        {
            Claim.Is(RefusalReason.FaultsNotContained, refused.Reason, "the refusal");
            Console.WriteLine(refused.Message);
            return 0;
        }

        return 1;
    }

    private static int Flags(Probe probe)
    {
        int before = probe.Flags;
        using LostRegion lost = new();
        Claim.That(probe.Flags >= 0 && (probe.Flags & SA_ONSTACK) == 0, "the handler does not ask for the alternate stack");
        Console.WriteLine($"flags {probe.Flags:x}, the runtime's {before:x}");
        return 0;
    }

    private static int ErrnoIsKept(Probe probe)
    {
        using LostRegion lost = new();
        int errno = probe.ErrnoAfterLoad(lost.Region.AddressOf((long)lost.NextPage() * s_page), before: 1234);
        Claim.Is(1234, errno, "errno after a fault");
        Claim.That(lost.Region.GetLostRanges().Count == 1, "there was a fault");
        return 0;
    }

    /// <summary>The runtime lets the first such signal pass and puts the default in the place of its handler; the second one ends the process. Faults are contained in between.</summary>
    private static int KillSelf(string library)
    {
        using LostRegion? lost = With(library);
        Console.WriteLine($"sent {Libc.kill(Libc.getpid(), Libc.SIGBUS)}");
        lost?.Fault();
        Console.WriteLine("and lived");
        return Libc.kill(Libc.getpid(), Libc.SIGBUS);
    }

    /// <summary>The child's signal dispositions are not this process's.</summary>
    private static int StartChild(string library)
    {
        using LostRegion? lost = With(library);
        using Process process = Process.Start("sh", ["-c", "kill -BUS $$"]);
        process.WaitForExit();
        return process.ExitCode;
    }

    private static int RawAccess(string library)
    {
        using LostRegion? lost = With(library);
        return Volatile.Read(ref *MapLostPage());
    }

    private static int RawNativeAccess(string library)
    {
        using LostRegion? lost = With(library);
        return Libc.Load(MapLostPage());
    }

    private static LostRegion? With(string library)
    {
        if (library != "with")
        {
            return null;
        }

        LostRegion lost = new();
        lost.Fault();
        return lost;
    }

    /// <summary>A page outside of the library whose file is too short. It stays until the process ends.</summary>
    private static byte* MapLostPage()
    {
        int file = Libc.CreateFile(s_page);
        byte* start = Libc.MapFile(file, s_page);
        Libc.SetLength(file, 0);
        return start;
    }
}
