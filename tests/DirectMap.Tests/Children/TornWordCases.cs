using System.Diagnostics;
using System.Globalization;
using DirectMap.Stores;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Children;

/// <summary>Copies, moves and fills of words at which another thread looks meanwhile.</summary>
internal static unsafe class TornWordCases
{
    private const int Torn = 3;
    private const int Slot = 1024;

    private static readonly (int Offset, int Length)[] s_ranges =
    [
        (0, 8), (0, 64), (1, 100), (3, 13), (4, 12), (4, 300), (7, 9), (8, 24),
        (9, 511), (16, 16), (24, 48), (33, 200), (40, 320), (63, 257), (60, 9)
    ];

    /// <summary>
    /// One thread stores words whose bytes are all the same, another one looks at them. Arguments: bytes of the widest vector;
    /// "kernels", or "bytes" for the control that stores byte by byte; milliseconds at most: the first torn word ends it. Exit code 0:
    /// none was torn; 3: one was.
    /// </summary>
    internal static int WordsAreNotTorn(string[] arguments)
    {
        if (!StoreKernels.IsWidest(arguments[0]))
        {
            return StoreKernels.OtherVectors;
        }

        using GuardedMemory to = new(((s_ranges.Length + 1) * Slot / Environment.SystemPageSize) + 1);
        using GuardedMemory from = new(1);
        StoreKernels.Store[] stores = arguments[1] == "bytes"
            ? [StoreBytes]
            : [.. StoreKernels.Copies, .. StoreKernels.Moves, .. StoreKernels.Fills, MoveDown];
        Reader reader = new(to.Start);
        Thread thread = new(reader.Look);
        thread.Start();

        TimeSpan duration = TimeSpan.FromMilliseconds(int.Parse(arguments[2], CultureInfo.InvariantCulture));
        Stopwatch watch = Stopwatch.StartNew();
        for (byte value = 1; watch.Elapsed < duration && !reader.IsAtEnd; value++)
        {
            from.Span.Fill(value);
            foreach (StoreKernels.Store store in stores)
            {
                for (int i = 0; i < s_ranges.Length; i++)
                {
                    store(to.Start + (i * Slot) + s_ranges[i].Offset, from.Start + 3, (nuint)s_ranges[i].Length);
                }

                value++;
                from.Span.Fill(value);
            }
        }

        reader.End();
        thread.Join();
        Console.WriteLine(reader);
        return reader.Torn != 0 ? Torn : reader.Changed < 100 ? 2 : 0;
    }

    /// <summary>
    /// Over itself, to a higher address by a word: the loop that goes down. What it moves is first put below, where nobody looks.
    /// </summary>
    private static void MoveDown(byte* to, byte* from, nuint length)
    {
        byte* scratch = stackalloc byte[Slot];
        new CopyKernel(from).Temporal(scratch, 0, length);
        StoreLoop.Down<TemporalStores, MemorySource>(to, new MemorySource(scratch), 0, length);
        NonTemporalLoop.Down<NonTemporalStores, TemporalStores, MemorySource>(to, new MemorySource(from), length);
    }

    private static void StoreBytes(byte* to, byte* from, nuint length)
    {
        for (nuint i = 0; i < length; i++)
        {
            Volatile.Write(ref to[i], from[i]);
        }
    }

    /// <summary>Looks at every whole word of the ranges, until the end or the first one whose bytes are not all the same.</summary>
    private sealed class Reader(byte* start)
    {
        private bool _end;
        private long _looked;
        private ulong _last;

        internal long Torn { get; private set; }

        internal long Changed { get; private set; }

        internal bool IsAtEnd => Volatile.Read(ref _end);

        internal void End() => Volatile.Write(ref _end, true);

        internal void Look()
        {
            while (!IsAtEnd)
            {
                for (int i = 0; i < s_ranges.Length; i++)
                {
                    byte* begin = start + (i * Slot) + ((s_ranges[i].Offset + 7) & ~7);
                    byte* stop = start + (i * Slot) + ((s_ranges[i].Offset + s_ranges[i].Length) & ~7);
                    for (byte* at = begin; at < stop; at += 8)
                    {
                        Look(Volatile.Read(ref *(ulong*)at));
                    }
                }
            }
        }

        private void Look(ulong word)
        {
            _looked++;
            Changed += word != _last ? 1 : 0;
            _last = word;
            if (word != (byte)word * 0x0101_0101_0101_0101UL)
            {
                Torn++;
                End();
            }
        }

        public override string ToString() => $"{_looked} words looked at, {Changed} changes, {Torn} torn";
    }
}
