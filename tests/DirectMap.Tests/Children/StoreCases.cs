using System.Diagnostics;
using System.Globalization;
using DirectMap.Stores;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Children;

/// <summary>Copies, moves and fills, with the vectors that the environment leaves.</summary>
internal static unsafe class StoreCases
{
    private const int Torn = 3;
    private const int OtherVectors = 4;
    private const int Margin = 64;
    private const byte Background = 0xB7;

    /// <summary>Around every width and every number of blocks of four, with the head and tail that a line may leave.</summary>
    private static readonly int[] s_edges =
    [
        0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 23, 24, 31, 32, 33, 39, 47, 48, 63, 64, 65, 71, 72, 95, 96, 97, 127, 128, 129, 135, 136, 159,
        191, 192, 193, 255, 256, 257, 263, 300, 319, 320, 321,
    ];

    private static readonly int[] s_large =
    [
        (int)StoreForms.BrokenWords - 1, (int)StoreForms.BrokenWords, (int)StoreForms.BrokenWords + 1, 4095, 4096, 4097,
        (int)StoreForms.Hint - 1, (int)StoreForms.Hint, (int)StoreForms.Hint + 1
    ];

    private static readonly int[] s_sourceOffsets = [0, 1, 7, 8, 33, 63];

    private static readonly int[] s_distances = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 319];

    private delegate void Store(byte* to, byte* from, nuint length);

    private static readonly Store[] s_copies =
    [
        static (to, from, length) => new CopyKernel(from).Temporal(to, 0, length),
        static (to, from, length) => new CopyKernel(from).NonTemporal(to, 0, length),
    ];

    private static readonly Store[] s_moves =
    [
        static (to, from, length) => new MoveKernel(from).Temporal(to, 0, length),
        static (to, from, length) => new MoveKernel(from).NonTemporal(to, 0, length),
    ];

    /// <summary>Fills with the source's first byte.</summary>
    private static readonly Store[] s_fills =
    [
        static (to, from, length) => new FillKernel(*from).Temporal(to, 0, length),
        static (to, from, length) => new FillKernel(*from).NonTemporal(to, 0, length),
    ];

    /// <summary>
    /// All against a model. Argument: bytes of the widest vector that there has to be. Exit code 4: there is another one.
    /// </summary>
    internal static int AgainstTheModel(string[] arguments)
    {
        if (!IsWidest(arguments[0]))
        {
            return OtherVectors;
        }

        using GuardedMemory to = new(4);
        using GuardedMemory from = new(4);
        new Random(7).NextBytes(from.Span);
        from.Span.Replace(Background, (byte)1);
        to.Span.Fill(Background);
        int count = 0;
        foreach (Store copy in s_copies)
        {
            for (int offset = 0; offset < 64; offset++)
            {
                for (int sourceOffset = 0; sourceOffset < 64; sourceOffset++)
                {
                    foreach (int length in s_edges)
                    {
                        count += Check(copy, to, to.Start + Margin + offset, from.Start + sourceOffset, length);
                    }
                }

                foreach (int sourceOffset in s_sourceOffsets)
                {
                    for (int length = 0; length <= 300; length++)
                    {
                        count += Check(copy, to, to.Start + Margin + offset, from.Start + sourceOffset, length);
                    }

                    foreach (int length in s_large)
                    {
                        count += Check(copy, to, to.Start + Margin + offset, from.Start + sourceOffset, length);
                    }
                }
            }
        }

        foreach (Store store in s_copies.Concat(s_moves))
        {
            foreach (int length in Enumerable.Range(0, 301).Concat(s_large))
            {
                // Hard at what must not be touched, at either end of either side.
                count += Check(store, to, to.Start, from.Start, length) + Check(store, to, to.End - length, from.End - length, length)
                    + Check(store, to, to.Start, from.End - length, length);
            }
        }

        foreach (Store fill in s_fills)
        {
            foreach (int length in Enumerable.Range(0, 301).Concat(s_large))
            {
                for (int offset = 0; offset < 64; offset++)
                {
                    count += CheckFill(fill, to, to.Start + Margin + offset, from.Start + 5, length);
                }

                count += CheckFill(fill, to, to.Start, from.Start + 6, length)
                    + CheckFill(fill, to, to.End - length, from.Start + 7, length);
            }
        }

        Console.WriteLine($"{count + CheckMoves(to)} stores");
        return 0;
    }

    /// <summary>Over itself. The model moves byte by byte, from what was there.</summary>
    private static int CheckMoves(GuardedMemory memory)
    {
        int count = 0;
        byte[] before = new byte[memory.Length];
        new Random(8).NextBytes(before);
        byte[] expected = [.. before];
        before.CopyTo(memory.Span);
        foreach (Store move in s_moves)
        {
            foreach (int distance in s_distances.SelectMany(distance => new[] { distance, -distance }).Append(0))
            {
                for (int offset = 0; offset < 64; offset++)
                {
                    foreach (int length in s_edges)
                    {
                        Move(move, 384 + offset, distance, length);
                    }
                }

                foreach (int length in s_large)
                {
                    Move(move, 384 + (distance & 63), distance, length);
                    Move(move, Math.Max(0, distance), distance, length); // the lower of the two at the beginning
                    Move(move, memory.Length - length + Math.Min(0, distance), distance, length); // the upper one at the end
                }
            }
        }

        return count;

        void Move(Store move, int offset, int distance, int length)
        {
            int source = offset - distance;
            for (int i = 0; i < length; i++)
            {
                expected[offset + i] = before[source + i];
            }

            move(memory.Start + offset, memory.Start + source, (nuint)length);

            // What can have changed, and a margin; all of it with the large ones.
            int first = Math.Max(0, Math.Min(offset, source) - Margin);
            int last = Math.Min(memory.Length, Math.Max(offset, source) + length + Margin);
            Assert.True(
                memory.Span[first..last].SequenceEqual(expected.AsSpan(first..last)), $"move of {length} bytes to {offset} by {distance}");
            before.AsSpan(offset, length).CopyTo(memory.Span[offset..]);
            before.AsSpan(offset, length).CopyTo(expected.AsSpan(offset));
            count++;
        }
    }

    private static int Check(Store store, GuardedMemory memory, byte* to, byte* from, int length)
    {
        store(to, from, (nuint)length);
        Span<byte> stored = new(to, length);
        if (!stored.SequenceEqual(new ReadOnlySpan<byte>(from, length)))
        {
            Assert.Fail($"{store.Method.Name}: {length} bytes to {(nuint)to & 63} from {(nuint)from & 63} are not those of the source");
        }

        CheckMargins(store, memory, to, length);
        stored.Fill(Background);
        return 1;
    }

    private static int CheckFill(Store store, GuardedMemory memory, byte* to, byte* value, int length)
    {
        store(to, value, (nuint)length);
        Span<byte> stored = new(to, length);
        if (stored.ContainsAnyExcept(*value))
        {
            Assert.Fail($"{store.Method.Name}: {length} bytes at {(nuint)to & 63} are not the value");
        }

        CheckMargins(store, memory, to, length);
        stored.Fill(Background);
        return 1;
    }

    private static void CheckMargins(Store store, GuardedMemory memory, byte* to, int length)
    {
        int before = (int)Math.Min(Margin, to - memory.Start);
        int after = (int)Math.Min(Margin, memory.End - to - length);
        if (new Span<byte>(to - before, before).ContainsAnyExcept(Background)
            || new Span<byte>(to + length, after).ContainsAnyExcept(Background))
        {
            Assert.Fail($"{store.Method.Name}: something beside the {length} bytes at {(nuint)to & 63} was stored");
        }
    }

    /// <summary>
    /// One thread stores words whose bytes are all the same, another one looks at them. Arguments: bytes of the widest vector;
    /// "kernels", or "bytes" for the control that stores byte by byte; milliseconds at most: the first torn word ends it. Exit code 0:
    /// none was torn; 3: one was.
    /// </summary>
    internal static int WordsAreNotTorn(string[] arguments)
    {
        if (!IsWidest(arguments[0]))
        {
            return OtherVectors;
        }

        const int Slot = 1024;
        (int Offset, int Length)[] ranges =
        [
            (0, 8), (0, 64), (1, 100), (3, 13), (4, 12), (4, 300), (7, 9), (8, 24),
            (9, 511), (16, 16), (24, 48), (33, 200), (40, 320), (63, 257), (60, 9)
        ];
        using GuardedMemory to = new(((ranges.Length + 1) * Slot / Environment.SystemPageSize) + 1);
        using GuardedMemory from = new(1);
        Store[] stores = arguments[1] == "bytes" ? [StoreBytes] : [.. s_copies, .. s_moves, .. s_fills, MoveDown];
        bool end = false;
        long torn = 0;
        long looked = 0;
        long changed = 0;

        byte* seen = to.Start;
        Thread reader = new(() =>
        {
            ulong last = 0;
            while (!Volatile.Read(ref end))
            {
                for (int i = 0; i < ranges.Length; i++)
                {
                    byte* begin = seen + (i * Slot) + ((ranges[i].Offset + 7) & ~7);
                    byte* stop = seen + (i * Slot) + ((ranges[i].Offset + ranges[i].Length) & ~7);
                    for (byte* at = begin; at < stop; at += 8)
                    {
                        ulong word = Volatile.Read(ref *(ulong*)at);
                        looked++;
                        changed += word != last ? 1 : 0;
                        last = word;
                        if (word != (byte)word * 0x0101_0101_0101_0101UL)
                        {
                            torn++;
                            Volatile.Write(ref end, true);
                        }
                    }
                }
            }
        });
        reader.Start();

        TimeSpan duration = TimeSpan.FromMilliseconds(int.Parse(arguments[2], CultureInfo.InvariantCulture));
        Stopwatch watch = Stopwatch.StartNew();
        for (byte value = 1; watch.Elapsed < duration && !Volatile.Read(ref end); value++)
        {
            from.Span.Fill(value);
            foreach (Store store in stores)
            {
                for (int i = 0; i < ranges.Length; i++)
                {
                    store(to.Start + (i * Slot) + ranges[i].Offset, from.Start + 3, (nuint)ranges[i].Length);
                }

                value++;
                from.Span.Fill(value);
            }
        }

        Volatile.Write(ref end, true);
        reader.Join();
        Console.WriteLine($"{looked} words looked at, {changed} changes, {torn} torn");
        return torn != 0 ? Torn : changed < 100 ? 2 : 0;

        // Over itself, to a higher address by a word: the loop that goes down. What it moves is first put below, where nobody looks.
        static void MoveDown(byte* to, byte* from, nuint length)
        {
            byte* scratch = stackalloc byte[Slot];
            new CopyKernel(from).Temporal(scratch, 0, length);
            StoreLoop.Down<TemporalStores, MemorySource>(to, new MemorySource(scratch), 0, length);
            NonTemporalLoop.Down<NonTemporalStores, TemporalStores, MemorySource>(to, new MemorySource(from), length);
        }

        static void StoreBytes(byte* to, byte* from, nuint length)
        {
            for (nuint i = 0; i < length; i++)
            {
                Volatile.Write(ref to[i], from[i]);
            }
        }
    }

    /// <summary>
    /// What is stored how, and what is flushed of it, at every offset and around every size. Argument: bytes of the widest vector.
    /// </summary>
    internal static int StoresAndFlushes(string[] arguments)
    {
        if (!IsWidest(arguments[0]))
        {
            return OtherVectors;
        }

        using GuardedMemory to = new(3);
        using GuardedMemory from = new(3);
        HashSet<int> sizes = [];
        foreach (int length in Enumerable.Range(0, 90).Concat(s_edges.Where(edge => edge > 90)).Concat(s_large))
        {
            for (int offset = 0; offset < 64; offset += length > 4000 ? 13 : length > 90 ? 5 : 1)
            {
                CheckStores(to.Start + offset, from.Start + 3, length, sizes);
            }
        }

        // Every width was used, so that what was checked is what was meant.
        int widest = int.Parse(arguments[0], CultureInfo.InvariantCulture);
        Assert.Equal([.. new[] { 1, 2, 4, 8, 16, 32, 64 }.Where(size => size <= widest)], sizes.Order());
        return 0;
    }

    private static void CheckStores(byte* to, byte* from, int length, HashSet<int> sizes)
    {
        nuint count = (nuint)length;
        MemorySource memory = new(from);
        StoreRecord.All.Clear();
        StoreLoop.Up<RecordingStores<TemporalStores>, MemorySource>(to, memory, 0, count);
        CheckRecord(to, length, "temporal, up", sizes);
        StoreLoop.Down<RecordingStores<TemporalStores>, MemorySource>(to, memory, 0, count);
        CheckRecord(to, length, "temporal, down", sizes);
        StoreLoop.Up<RecordingStores<TemporalStores>, ValueSource>(to, new ValueSource(1), 0, count);
        CheckRecord(to, length, "temporal, fill", sizes);

        Leftover down = NonTemporalLoop.Down<RecordingStores<NonTemporalStores>, RecordingStores<TemporalStores>, MemorySource>(
            to, memory, count);
        HashSet<nuint> temporalDown = CheckRecord(to, length, "non-temporal, down", sizes);
        Leftover up = NonTemporalLoop.Up<RecordingStores<NonTemporalStores>, RecordingStores<TemporalStores>, MemorySource>(
            to, memory, count);
        HashSet<nuint> temporal = CheckRecord(to, length, "non-temporal, up", sizes);
        Assert.Equal((up, true), (down, temporal.SetEquals(temporalDown)));
        Assert.True(
            temporal.SetEquals(Enumerable.Range(0, length).Where(i => (nuint)i < up.Head || (nuint)i >= count - up.Tail)
                .Select(i => (nuint)to + (nuint)i)),
            $"{length} bytes at {(nuint)to & 63}: {up} is not what was stored temporally");
        Assert.True(
            NonTemporalStores.IsNonTemporal ? (((nuint)to | count) & 7) != 0 || temporal.Count == 0 : temporal.Count == length,
            "whole words are stored non-temporally where that can be, and nothing is where it cannot");

        foreach (bool evicts in new[] { true, false })
        {
            foreach (StoreForm form in Enum.GetValues<StoreForm>())
            {
                StoreForm meant = form == StoreForm.Automatic ? StoreForms.Best((nuint)to, count, evicts) : form;
                HashSet<nuint> needed = evicts && meant == StoreForm.NonTemporal
                    ? temporal
                    : [.. Enumerable.Range(0, length).Select(i => (nuint)to + (nuint)i)];
                RecordingFlush.Begin(evicts);
                FlushedStores<RecordingFlush>.Store(to, new CopyKernel(from), 0, count, form);
                CheckFlushed("copy", needed);
                RecordingFlush.Begin(evicts);
                FlushedStores<RecordingFlush>.Store(to, new MoveKernel(from), 0, count, form);
                CheckFlushed("move", needed);
                RecordingFlush.Begin(evicts);
                FlushedStores<RecordingFlush>.Store(to, new FillKernel(1), 0, count, form);
                CheckFlushed("fill", needed);

                void CheckFlushed(string what, HashSet<nuint> needed)
                {
                    HashSet<nuint> flushed = [];
                    foreach ((nuint address, nuint bytes) in RecordingFlush.Ranges)
                    {
                        Assert.True(address >= (nuint)to && address + bytes <= (nuint)to + count, "what is not the caller's is flushed");
                        for (nuint i = 0; i < bytes; i++)
                        {
                            flushed.Add(address + i);
                        }
                    }

                    Assert.True(
                        flushed.SetEquals(needed),
                        $"{what} ({form}, evicts: {evicts}) of {length} bytes at {(nuint)to & 63}: {needed.Count} bytes need a flush, "
                            + $"{flushed.Count} were flushed");
                }
            }
        }
    }

    /// <summary>Each byte once, nothing else, and each store aligned to its size: so a whole word is in one.</summary>
    /// <returns>Which bytes were stored temporally.</returns>
    private static HashSet<nuint> CheckRecord(byte* to, int length, string what, HashSet<int> sizes)
    {
        HashSet<nuint> temporal = [];
        HashSet<nuint> lines = [];
        bool[] stored = new bool[length];
        foreach (StoreRecord record in StoreRecord.All)
        {
            Assert.True(record.Address % (nuint)record.Size == 0, $"{what}: {record} is not aligned");
            sizes.Add(record.Size);
            for (nuint i = 0; i < (nuint)record.Size; i++)
            {
                nuint at = record.Address + i - (nuint)to;
                Assert.True(
                    at < (nuint)length && !stored[at],
                    $"{what}: {record} of {length} bytes at {(nuint)to & 63} is outside, or stores a byte again");
                stored[at] = true;
                if (!record.IsNonTemporal)
                {
                    temporal.Add(record.Address + i);
                }
                else
                {
                    lines.Add(record.Address / 64);
                }
            }

            bool isInWholeWord = (record.Address & ~(nuint)7) >= (nuint)to && (record.Address & ~(nuint)7) + 8 <= (nuint)to + (nuint)length;
            Assert.True(record.Size >= 8 || !isInWholeWord, $"{what}: {record} of {length} bytes at {(nuint)to & 63} tears a word");
        }

        Assert.False(
            temporal.Any(address => lines.Contains(address / 64)),
            $"{what}: a line is stored to in both ways, which is slow, with {length} bytes at {(nuint)to & 63}");
        Assert.True(Array.TrueForAll(stored, isStored => isStored), $"{what}: not all of {length} bytes at {(nuint)to & 63} are stored");
        StoreRecord.All.Clear();
        return temporal;
    }

    private static bool IsWidest(string bytes)
    {
        Console.WriteLine($"widest vector: {StoreLoop.Widest}, non-temporal: {NonTemporalStores.IsNonTemporal}");
        return StoreLoop.Widest == int.Parse(bytes, CultureInfo.InvariantCulture);
    }
}
