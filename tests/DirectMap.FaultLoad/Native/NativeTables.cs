using System.Globalization;
using System.Runtime.InteropServices;
using DirectMap.FaultLoad.Infrastructure;

namespace DirectMap.FaultLoad.Native;

/// <summary>Ranges that lose a page and go: the memory of their tables must go with them.</summary>
internal static unsafe class NativeTables
{
    private const int Rounds = 512; // so that half of the tables are more than what a thread of the runtime may reserve meanwhile (64 MiB)
    private const long Length = 1L << 30; // a table of 1 MiB, with pages of 4 KiB

    internal static void Run(Failures failures)
    {
        int file = Libc.CreateFile(Length);
        byte* start = Libc.MapFile(file, Length);
        FaultHandler.StateBlock* state = NativeHandler.NewState();
        Libc.SetLength(file, 0);
        long before = AddressSpace();
        for (int round = 0; round < Rounds; round++)
        {
            void* range = NativeHandler.Register(start, Length, state);
            if (Libc.Load(start + ((long)round * Environment.SystemPageSize)) != 0 || state->Word != NativeHandler.Lost)
            {
                failures.Add($"round {round}: the page is not lost");
            }

            NativeHandler.Unregister(range);
        }

        long tables = Rounds * (Length / Environment.SystemPageSize * sizeof(uint));
        long more = AddressSpace() - before;
        Console.WriteLine($"after {Rounds} tables the process has {more >> 20} MiB more of addresses");
        if (more > tables / 2)
        {
            failures.Add($"tables stay: {more} bytes of addresses more, of {tables}");
        }

        Libc.Unmap(start, Length);
        Libc.Close(file);
        NativeMemory.AlignedFree(state);
    }

    private static long AddressSpace() =>
        long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[0], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
}
