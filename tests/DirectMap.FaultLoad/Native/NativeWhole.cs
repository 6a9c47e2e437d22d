using System.Runtime.InteropServices;
using DirectMap.FaultLoad.Infrastructure;

namespace DirectMap.FaultLoad.Native;

/// <summary>
/// A process that may have no single pages replaced: the first fault of a range loses all of it, and a restoration brings all of it back. A
/// process of its own, since the limit is set once.
/// </summary>
internal static unsafe class NativeWhole
{
    private const int Pages = 4;
    private const int Kept = 2;
    private const int Rounds = 3;

    private static readonly int s_page = Environment.SystemPageSize;

    /// <param name="isLocked">Whether all new memory is locked: what takes the range's place must not be.</param>
    internal static int Run(bool isLocked)
    {
        if (isLocked && !Libc.TryLockNew())
        {
            Console.WriteLine("skipped: this user may not lock memory");
            return 0;
        }

        Failures failures = new();
        NativeHandler.Install(limit: 0);
        long length = (long)Pages * s_page;
        int file = Libc.CreateFile(0);
        Grow(file);
        byte* start = Libc.MapFile(file, length);
        List<nint> states = [];
        FaultHandler.StateBlock* state = NewState(1);
        void* range = NativeHandler.Register(start, length, state);
        for (uint round = 1; round <= Rounds; round++)
        {
            Libc.SetLength(file, (long)Kept * s_page);
            Is(Kept, start[(Kept - 1) * s_page], "a page that the file keeps, before the fault");
            Is(0, Volatile.Read(ref start[Kept * s_page]), "a lost page"); // Mapped and registered.
            Is(0, IsLockedAt(start) ? 1 : 0, "whether what took the range's place is locked");
            Is(0, Volatile.Read(ref *start), "a page that the file keeps, after the fault");
            Is(NativeHandler.Lost, state->Word, "the word");
            Is(Kept, state->First, "the page that was lost first");
            for (int page = 0; page < Pages; page++)
            {
                Is(page, NativeHandler.FindSince(range, round, page, page + 1), $"page {page} in round {round}");
            }

            Grow(file);
            FaultHandler.StateBlock* next = NewState(round + 1);
            Is(0, NativeHandler.Restore(range, file, next), "pages that do not come back");
            Is(0, next->Word, "the next word");
            Is(-1, NativeHandler.FindLost(range, Pages), "the first lost page after the restoration");
            for (int page = 0; page < Pages; page++)
            {
                Is(page + 1, start[page * s_page], $"page {page} after the restoration");
                Is(page, NativeHandler.FindSince(range, round, page, page + 1), $"page {page} for an access of round {round}, afterwards");
                Is(-1, NativeHandler.FindSince(range, round + 1, page, page + 1), $"page {page} for an access of the next round");
            }

            state = next;
        }

        // Lost as a whole once more when it goes. The next one gets its place in the table, and must find nothing of it.
        Libc.SetLength(file, 0);
        _ = Volatile.Read(ref *start); // Mapped and registered.
        Is(0, NativeHandler.FindLost(range, Pages), "the first lost page of the range that goes");
        NativeHandler.Unregister(range);
        void* second = NativeHandler.Register(start, length, NewState(1));
        Is((long)range, (long)second, "the place of the next range");
        Is(-1, NativeHandler.FindLost(second, Pages), "the first lost page of a new range");
        Is(-1, NativeHandler.FindSince(second, 1, 0, Pages), "the first page of a new range that was lost");
        NativeHandler.Unregister(second);
        Libc.Unmap(start, length);
        Libc.Close(file);
        states.ForEach(made => NativeMemory.AlignedFree((void*)made));
        failures.Print();
        return failures.Count == 0 ? 0 : 1;

        FaultHandler.StateBlock* NewState(uint generation)
        {
            FaultHandler.StateBlock* made = NativeHandler.NewState(generation);
            states.Add((nint)made);
            return made;
        }

        void Is(long expected, long actual, string what)
        {
            if (expected != actual)
            {
                failures.Add($"{what}: {actual}, not {expected}");
            }
        }
    }

    private static bool IsLockedAt(byte* start)
    {
        string[] lines = File.ReadAllLines("/proc/self/smaps");
        int mapping = Array.FindIndex(lines, line => line.StartsWith($"{(nint)start:x}-", StringComparison.Ordinal));
        string flags = lines[mapping..].First(line => line.StartsWith("VmFlags:", StringComparison.Ordinal));
        return flags.Contains(" lo", StringComparison.Ordinal);
    }

    private static void Grow(int file)
    {
        Span<byte> content = stackalloc byte[s_page];
        for (int page = 0; page < Pages; page++)
        {
            content.Fill((byte)(page + 1));
            Libc.Write(file, content, (long)page * s_page);
        }
    }
}
