using System.Runtime.InteropServices;
using DirectMap.FaultLoad.Infrastructure;

namespace DirectMap.FaultLoad.Native;

/// <summary>
/// Four pages are lost, and come back in two steps; each step begins a generation. An access that began in a generation must not believe a
/// page that was lost at any time of it, however late it asks.
/// </summary>
internal static unsafe class NativeGenerations
{
    private const int Pages = 4;
    private const int FirstStep = 2; // pages that come back first

    private static readonly int s_page = Environment.SystemPageSize;

    internal static void Run(Failures failures)
    {
        long length = (long)Pages * s_page;
        int file = Libc.CreateFile(length);
        byte* start = Libc.MapFile(file, length);
        FaultHandler.StateBlock* one = NativeHandler.NewState();
        FaultHandler.StateBlock* two = NativeHandler.NewState(2);
        FaultHandler.StateBlock* three = NativeHandler.NewState(3);
        void* range = NativeHandler.Register(start, length, one);

        Libc.SetLength(file, 0);
        for (int page = Pages - 1; page >= 0; page--)
        {
            _ = Volatile.Read(ref start[page * s_page]); // Mapped and registered.
        }

        Is(NativeHandler.Lost, one->Word, "the first word");
        Is(Pages - 1, one->First, "the page that was lost first");

        Libc.SetLength(file, (long)FirstStep * s_page);
        Is(Pages - FirstStep, NativeHandler.Restore(range, file, two, FirstStep), "pages that do not come back with half of the file");
        Is(NativeHandler.Lost, two->Word, "the word that begins with lost pages");
        Is(FirstStep, two->First, "the first page that is lost in it");

        Libc.SetLength(file, length);
        Is(0, NativeHandler.Restore(range, file, three), "pages that do not come back with the whole file");
        Is(0, three->Word, "the word that begins without lost pages");
        Is(-1, three->First, "the first page that is lost in it");
        Is(-1, NativeHandler.FindLost(range, Pages), "the first page that is lost in the end");
        for (int page = 0; page < Pages; page++)
        {
            Is(page, NativeHandler.FindSince(range, 1, page, page + 1), $"page {page} for an access of the first generation");
            Is(
                page < FirstStep ? -1 : page,
                NativeHandler.FindSince(range, 2, page, page + 1),
                $"page {page} for an access of the second generation");
            Is(-1, NativeHandler.FindSince(range, 3, page, page + 1), $"page {page} for an access of the third generation");
        }

        NativeHandler.Unregister(range);
        Libc.Unmap(start, length);
        Libc.Close(file);
        NativeMemory.AlignedFree(one);
        NativeMemory.AlignedFree(two);
        NativeMemory.AlignedFree(three);
        Console.WriteLine($"generations: {failures.Count} failures");

        void Is(long expected, long actual, string what)
        {
            if (expected != actual)
            {
                failures.Add($"{what}: {actual}, not {expected}");
            }
        }
    }
}
