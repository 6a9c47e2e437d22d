using System.Runtime.InteropServices;
using DirectMap.FaultLoad.Infrastructure;

namespace DirectMap.FaultLoad.Native;

/// <summary>
/// A process that may have a few runs of replaced pages only. Ranges that come and go lose single pages however many there were
/// before them; one that has too many itself is lost as a whole, and what comes after it is not. A process of its own, since
/// the limit is set once.
/// </summary>
internal static unsafe class NativeIslands
{
    private const int Limit = 8;
    private const int Pages = 4 * Limit;
    private const int Rounds = 10 * Limit;

    private static readonly int s_page = Environment.SystemPageSize;

    internal static int Run()
    {
        Failures failures = new();
        NativeHandler.Install(Limit);
        for (int round = 0; round < Rounds; round++)
        {
            bool isWhole = round % 4 == 3;
            CheckRange(failures, round, islands: isWhole ? Limit + 1 : Limit / 2, isWhole);
        }

        failures.Print();
        return failures.Count == 0 ? 0 : 1;
    }

    /// <summary>Loses every other page, as many as said.</summary>
    private static void CheckRange(Failures failures, int round, int islands, bool isWhole)
    {
        long length = (long)Pages * s_page;
        int file = Libc.CreateFile(length);
        byte* start = Libc.MapFile(file, length);
        FaultHandler.StateBlock* state = NativeHandler.NewState();
        void* range = NativeHandler.Register(start, length, state);
        Libc.SetLength(file, 0);
        for (int i = 0; i < islands; i++)
        {
            _ = Volatile.Read(ref start[((2 * i) + 1) * s_page]); // Mapped and registered.
        }

        for (int page = 0; page < Pages; page++)
        {
            bool isLost = NativeHandler.FindSince(range, 1, page, page + 1) == page;
            if (isLost != (isWhole || (page % 2 == 1 && page < 2 * islands)))
            {
                failures.Add(
                    $"range {round} has lost {islands} single pages of {Pages}, with a limit of {Limit}: page {page} is "
                        + $"{(isLost ? "lost" : "not lost")}");
            }
        }

        NativeHandler.Unregister(range);
        Libc.Unmap(start, length);
        Libc.Close(file);
        NativeMemory.AlignedFree(state);
    }
}
