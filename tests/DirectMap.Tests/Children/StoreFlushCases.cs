using System.Globalization;
using DirectMap.Stores;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Children;

/// <summary>Which stores a copy, a move or a fill consists of, and which of them it flushes.</summary>
internal static unsafe class StoreFlushCases
{
    /// <summary>
    /// What is stored how, and what is flushed of it, at every offset and around every size. Argument: bytes of the widest vector.
    /// </summary>
    internal static int StoresAndFlushes(string[] arguments)
    {
        if (!StoreKernels.IsWidest(arguments[0]))
        {
            return StoreKernels.OtherVectors;
        }

        using GuardedMemory to = new(3);
        using GuardedMemory from = new(3);
        HashSet<int> sizes = [];
        foreach (int length in Enumerable.Range(0, 90).Concat(StoreKernels.Edges.Where(edge => edge > 90)).Concat(StoreKernels.Large))
        {
            for (int offset = 0; offset < 64; offset += length > 4000 ? 13 : length > 90 ? 5 : 1)
            {
                HashSet<nuint> temporal = CheckStores(to.Start + offset, from.Start + 3, length, sizes);
                CheckFlushes(to.Start + offset, from.Start + 3, length, temporal);
            }
        }

        // Every width was used, so that what was checked is what was meant.
        int widest = int.Parse(arguments[0], CultureInfo.InvariantCulture);
        Assert.Equal([.. new[] { 1, 2, 4, 8, 16, 32, 64 }.Where(size => size <= widest)], sizes.Order());
        return 0;
    }

    /// <returns>Which bytes are stored temporally where whole words are not.</returns>
    private static HashSet<nuint> CheckStores(byte* to, byte* from, int length, HashSet<int> sizes)
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
        return temporal;
    }

    /// <summary>In each form, where a flush takes a line out of the cache and where it does not.</summary>
    private static void CheckFlushes(byte* to, byte* from, int length, HashSet<nuint> temporal)
    {
        nuint count = (nuint)length;
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
}
