using System.Diagnostics;
using DirectMap.FaultLoad.Infrastructure;
using DirectMap.FaultLoad.Load;

namespace DirectMap.FaultLoad.Host;

/// <summary>What a child process does; the name of the case is the method's. Each returns its exit code.</summary>
internal static unsafe class HostCases
{
    private const int SA_ONSTACK = 0x08000000;
    private const int SIGUSR1 = 10;
    private const int BUS_MCEERR_AR = 4;
    private const int BUS_MCEERR_AO = 5;

    private static readonly int s_page = Environment.SystemPageSize;

    internal static int Run(string name, string[] arguments) => name switch
    {
        nameof(NullReferencesAreCaught) => NullReferencesAreCaught(),
        nameof(HandlerBeforeReplaces) => HandlerBeforeReplaces(new Probe(arguments[0])),
        nameof(HandlerBeforeJumps) => HandlerBeforeJumps(new Probe(arguments[0])),
        nameof(HandlerAfterChains) => HandlerAfterChains(new Probe(arguments[0])),
        nameof(HandlerAfterDoesNotChain) => HandlerAfterDoesNotChain(new Probe(arguments[0])),
        nameof(Flags) => Flags(new Probe(arguments[0])),
        nameof(HandlerBeforeIgnores) => HandlerBeforeIgnores(new Probe(arguments[0])),
        nameof(RawAccessIgnored) => RawAccessIgnored(new Probe(arguments[0])),
        nameof(MemoryErrors) => MemoryErrors(new Probe(arguments[0])),
        nameof(ForkInheritsNothing) => ForkInheritsNothing(new Probe(arguments[0])),
        nameof(ForkedChildFaults) => ForkedChildFaults(new Probe(arguments[0]), arguments[1]),
        nameof(ForkedChildHasHandler) => ForkedChildHasHandler(new Probe(arguments[0])),
        nameof(BarrierIsRefused) => BarrierIsRefused(new Probe(arguments[0])),
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
        Claim.That(probe.WasMasked, "the other handler's signal mask is in force while it runs");
        Claim.That(!probe.IsBlocked(SIGUSR1) && !probe.IsBlocked(Libc.SIGBUS), "no signal is blocked after it");
        lost.Fault();
        Claim.Is(1, probe.Count, "calls of the other handler after one more fault in a region");
        Claim.Is(0, Volatile.Read(ref *MapLostPage()), "what a second raw load sees that the other handler serves");
        Claim.Is(2, probe.Count, "calls of the other handler after a second raw load");
        lost.Fault();
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
            Claim.That(!probe.IsBlocked(Libc.SIGBUS), "SIGBUS is not blocked after a jump out of the handler");
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
        Claim.Is(ContainmentKind.Handler, auto.Facts.Containment.Value, "containment");
        Claim.That(
            auto.Facts.Containment.Reason.Contains("installed over it", StringComparison.Ordinal),
            "the region says that there is another handler");
        return 0;
    }

    private static int HandlerAfterDoesNotChain(Probe probe)
    {
        using LostRegion lost = new();
        lost.Fault();
        probe.Install(Probe.Replaces);
        Claim.That(lost.Region.Read<long>((long)lost.NextPage() * s_page) == 0 && probe.Count == 1, "the other handler takes the faults");
        using MappedRegion auto = LostRegion.MapAnother(FaultContainment.Auto);
        Claim.That(
            auto.Facts.Containment.Reason.Contains("cannot be seen", StringComparison.Ordinal), "the region says that it does not know");
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

    /// <summary>After a handler whose own calls fail on the way, and after one that sets errno itself.</summary>
    private static int ErrnoIsKept(Probe probe)
    {
        probe.Install(Probe.Replaces);
        using LostRegion lost = new();
        Claim.Is(1234, probe.ErrnoAfterLoad(lost.Region.AddressOf((long)lost.NextPage() * s_page), before: 1234), "errno after a fault");
        Claim.That(!HasSink(), "the page that was replaced is an anonymous one");
        Claim.Is(
            1234,
            probe.ErrnoAfterLoad(lost.Region.AddressOf((long)lost.NextPage() * s_page), before: 1234, isScarce: true),
            "errno after a fault without anonymous memory");
        Claim.That(HasSink() && lost.Region.GetLostRanges().Count == 1, "pages were replaced by a file in memory");
        Claim.Is(1234, probe.ErrnoAfterLoad(MapLostPage(), before: 1234), "errno after a fault that another handler has served");
        Claim.Is(1, probe.Count, "calls of the other handler");
        return 0;

        static bool HasSink() => File.ReadLines("/proc/self/maps").Any(line => line.Contains("directmap-sink", StringComparison.Ordinal));
    }

    /// <summary>Who ignores the signal is not ended by one that is sent.</summary>
    private static int HandlerBeforeIgnores(Probe probe)
    {
        probe.Ignore();
        using LostRegion lost = new();
        for (int i = 0; i < 3; i++)
        {
            lost.Fault();
            Claim.Is(0, Libc.kill(Libc.getpid(), Libc.SIGBUS), "what kill returns");
        }

        Console.WriteLine("3 signals were ignored");
        return 0;
    }

    /// <summary>An access cannot be ignored: it would be made again for ever.</summary>
    private static int RawAccessIgnored(Probe probe)
    {
        probe.Ignore();
        using LostRegion lost = new();
        lost.Fault();
        return Libc.Load(MapLostPage());
    }

    /// <summary>What the kernel says when a page of memory itself is broken, in either form.</summary>
    private static int MemoryErrors(Probe probe)
    {
        foreach (int code in (int[])[BUS_MCEERR_AR, BUS_MCEERR_AO])
        {
            using MappedRegion region = LostRegion.MapAnother(FaultContainment.Required);
            region.Write(8, 5L);
            probe.Send(region.AddressOf(8), code);
            try
            {
                region.Read<long>(8);
                return 1;
            }
            catch (MappingFaultException fault)
            {
                Claim.Is(
                    (FaultCause.BadBlock, FaultAccess.Read, new FileRange(0, s_page)),
                    (fault.Cause, fault.Access, fault.Lost!.Value),
                    $"what is told of code {code}");
                Console.WriteLine(fault.Message);
            }

            // An access to another page is told of the first fault.
            Claim.Is(
                (FaultCause.BadBlock, new FileRange(0, s_page)), CauseOf(() => region.Read<long>(s_page)), $"the first fault, code {code}");
            Claim.Is(0, region.RestoreLostPages().Count, "what does not come back");
            Claim.Is(5L, region.Read<long>(8), "what is there in the end");
        }

        return 0;
    }

    /// <summary>Neither a mapping as it was made, nor one that was restored.</summary>
    private static int ForkInheritsNothing(Probe probe)
    {
        using MappedRegion region = LostRegion.MapAnother(FaultContainment.Required);
        IsHereOnly("as it was mapped");
        probe.Send(region.AddressOf(0), BUS_MCEERR_AO);
        Claim.Is(0, region.RestoreLostPages().Count, "what does not come back");
        IsHereOnly("after a restoration");
        return 0;

        void IsHereOnly(string when)
        {
            Claim.That(
                File.ReadAllText("/proc/self/maps").Contains(LostRegion.OtherName, StringComparison.Ordinal), $"the file is mapped {when}");
            Claim.Is(false, probe.IsMappedInFork(LostRegion.OtherName), $"whether a child of fork maps the file {when}");
        }
    }

    private static (FaultCause Cause, FileRange Lost)? CauseOf(Action access)
    {
        try
        {
            access();
            return null;
        }
        catch (MappingFaultException fault)
        {
            return (fault.Cause, fault.Lost!.Value);
        }
    }

    /// <summary>A child of fork that maps a file of its own where a region is here, and faults in it: what becomes of it.</summary>
    private static int ForkedChildFaults(Probe probe, string library)
    {
        using LostRegion? lost = With(library);
        byte* address = lost is null ? MapNothing() : lost.Region.AddressOf((long)lost.NextPage() * s_page);
        int end = probe.EndOfFork(address, (nuint)s_page);
        lost?.Fault();
        Console.WriteLine($"the child's end is {end}");
        return end == 1000 + Libc.SIGBUS ? 1 : 0;
    }

    /// <summary>The same where there is a handler from before: it has the child's faults.</summary>
    private static int ForkedChildHasHandler(Probe probe)
    {
        probe.Install(Probe.Replaces);
        using LostRegion lost = new();
        lost.Fault();
        Claim.Is(11, probe.EndOfFork(lost.Region.AddressOf((long)lost.NextPage() * s_page), (nuint)s_page), "the child's end");
        lost.Fault();
        Claim.Is(0, probe.Count, "calls of the other handler in this process");
        return 0;
    }

    /// <summary>A filter that came after the handler forbids membarrier: then a fault waits, and is told as ever.</summary>
    private static int BarrierIsRefused(Probe probe)
    {
        using LostRegion lost = new();
        lost.Fault();
        long offset = (long)lost.NextPage() * s_page;
        byte* page = lost.Region.AddressOf(offset);
        int loaded = -2;
        TimeSpan time = default;
        probe.Load(lost.Region.AddressOf((long)lost.NextPage() * s_page)); // so that nothing of it is new
        Thread thread = new(() =>
        {
            probe.ForbidBarrier();
            long began = Stopwatch.GetTimestamp();
            loaded = probe.Load(page);
            time = Stopwatch.GetElapsedTime(began);
        });
        thread.Start();
        thread.Join();
        Claim.Is(0, loaded, "what is loaded");
        Claim.That(time >= TimeSpan.FromMilliseconds(2), $"the handler gives other threads time, but it was {time.TotalMicroseconds} us");
        Claim.Is(new FileRange(offset, s_page), CauseOf(() => lost.Region.Read<byte>(offset))?.Lost ?? default, "what is lost");
        return 0;
    }

    /// <summary>
    /// The runtime lets the first such signal pass and puts the default in the place of its handler; the second one ends the process.
    /// Faults are contained in between.
    /// </summary>
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

    /// <summary>An address where nothing is mapped.</summary>
    private static byte* MapNothing()
    {
        byte* start = Libc.MapAnonymous(null, s_page, protection: Libc.PROT_NONE);
        Libc.Unmap(start, s_page);
        return start;
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
