using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using DirectMap.FaultLoad.Infrastructure;

namespace DirectMap.FaultLoad.Native;

/// <summary>What registering, unregistering and a fault cost, with few and with very many other ranges.</summary>
internal static unsafe class NativeTimes
{
    private const double TargetNanoseconds = 1000;
    private const int Rounds = 2001;
    private const int Batch = 32;
    private const int FaultPages = 500;

    private static readonly int s_page = Environment.SystemPageSize;

    internal static void Run(Failures failures)
    {
        foreach (int others in (int[])[1, 1_000, 30_000])
        {
            // Nobody accesses them: only their bounds matter.
            byte* area = Libc.MapAnonymous(null, (long)(others + Batch) * s_page, protection: Libc.PROT_NONE);
            FaultHandler.StateBlock* state = NativeHandler.NewState();
            nint[] ranges = new nint[others];
            for (int i = 0; i < others; i++)
            {
                ranges[i] = (nint)NativeHandler.Register(area + ((long)i * s_page), s_page, state);
            }

            (double register, double unregister) = Time(area + ((long)others * s_page), state);
            double fault = TimeOfFault();
            foreach (nint range in ranges)
            {
                NativeHandler.Unregister((void*)range);
            }

            Libc.Unmap(area, (long)(others + Batch) * s_page);
            NativeMemory.AlignedFree(state);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"with {others} other ranges: register {register:f0} ns, unregister {unregister:f0} ns (medians), a fault {fault:f1} us"));
            if (register > TargetNanoseconds || unregister > TargetNanoseconds)
            {
                failures.Add($"registering or unregistering takes more than {TargetNanoseconds} ns with {others} other ranges");
            }
        }
    }

    private static (double Register, double Unregister) Time(byte* area, FaultHandler.StateBlock* state)
    {
        double[] register = new double[Rounds];
        double[] unregister = new double[Rounds];
        nint[] made = new nint[Batch];
        for (int round = 0; round < Rounds; round++)
        {
            long began = Stopwatch.GetTimestamp();
            for (int i = 0; i < Batch; i++)
            {
                made[i] = (nint)NativeHandler.Register(area + ((long)i * s_page), s_page, state);
            }

            register[round] = Stopwatch.GetElapsedTime(began).TotalNanoseconds / Batch;
            began = Stopwatch.GetTimestamp();
            for (int i = 0; i < Batch; i++)
            {
                NativeHandler.Unregister((void*)made[i]);
            }

            unregister[round] = Stopwatch.GetElapsedTime(began).TotalNanoseconds / Batch;
        }

        Array.Sort(register);
        Array.Sort(unregister);
        return (register[Rounds / 2], unregister[Rounds / 2]);
    }

    /// <summary>The median of loads that fault, from the load to its value; microseconds.</summary>
    private static double TimeOfFault()
    {
        long length = (long)FaultPages * s_page;
        int file = Libc.CreateFile(length);
        byte* start = Libc.MapFile(file, length);
        FaultHandler.StateBlock* state = NativeHandler.NewState();
        void* range = NativeHandler.Register(start, length, state);
        Libc.SetLength(file, 0);
        double[] times = new double[FaultPages];
        for (int page = 0; page < FaultPages; page++)
        {
            long began = Stopwatch.GetTimestamp();
            _ = Volatile.Read(ref start[(long)page * s_page]); // Mapped and registered.
            times[page] = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
        }

        NativeHandler.Unregister(range);
        Libc.Unmap(start, length);
        NativeMemory.AlignedFree(state);
        Libc.Close(file);
        Array.Sort(times);
        return times[FaultPages / 2];
    }
}
