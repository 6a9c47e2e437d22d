using DirectMap.Stores;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Children;

/// <summary>Copies, moves and fills against a model, with the vectors that the environment leaves.</summary>
internal static unsafe class StoreCases
{
    private const int Margin = 64;
    private const byte Background = 0xB7;

    private static readonly int[] s_sourceOffsets = [0, 1, 7, 8, 33, 63];

    private static readonly int[] s_distances = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 319];

    /// <summary>
    /// All against a model. Argument: bytes of the widest vector that there has to be. Exit code 4: there is another one.
    /// </summary>
    internal static int AgainstTheModel(string[] arguments)
    {
        if (!StoreKernels.IsWidest(arguments[0]))
        {
            return StoreKernels.OtherVectors;
        }

        using GuardedMemory to = new(4);
        using GuardedMemory from = new(4);
        new Random(7).NextBytes(from.Span);
        from.Span.Replace(Background, (byte)1);
        to.Span.Fill(Background);
        int count = CheckCopies(to, from) + CheckEnds(to, from) + CheckFills(to, from) + CheckMoves(to);
        Console.WriteLine($"{count} stores");
        return 0;
    }

    /// <summary>To each offset in a line, from each one, and from a few of them with each length.</summary>
    private static int CheckCopies(GuardedMemory to, GuardedMemory from)
    {
        int count = 0;
        foreach (StoreKernels.Store copy in StoreKernels.Copies)
        {
            for (int offset = 0; offset < 64; offset++)
            {
                for (int sourceOffset = 0; sourceOffset < 64; sourceOffset++)
                {
                    foreach (int length in StoreKernels.Edges)
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

                    foreach (int length in StoreKernels.Large)
                    {
                        count += Check(copy, to, to.Start + Margin + offset, from.Start + sourceOffset, length);
                    }
                }
            }
        }

        return count;
    }

    /// <summary>Hard at what must not be touched, at either end of either side.</summary>
    private static int CheckEnds(GuardedMemory to, GuardedMemory from)
    {
        int count = 0;
        foreach (StoreKernels.Store store in StoreKernels.Copies.Concat(StoreKernels.Moves))
        {
            foreach (int length in Enumerable.Range(0, 301).Concat(StoreKernels.Large))
            {
                count += Check(store, to, to.Start, from.Start, length) + Check(store, to, to.End - length, from.End - length, length)
                    + Check(store, to, to.Start, from.End - length, length);
            }
        }

        return count;
    }

    private static int CheckFills(GuardedMemory to, GuardedMemory from)
    {
        int count = 0;
        foreach (StoreKernels.Store fill in StoreKernels.Fills)
        {
            foreach (int length in Enumerable.Range(0, 301).Concat(StoreKernels.Large))
            {
                for (int offset = 0; offset < 64; offset++)
                {
                    count += CheckFill(fill, to, to.Start + Margin + offset, from.Start + 5, length);
                }

                count += CheckFill(fill, to, to.Start, from.Start + 6, length)
                    + CheckFill(fill, to, to.End - length, from.Start + 7, length);
            }
        }

        return count;
    }

    /// <summary>Over itself. The model moves byte by byte, from what was there.</summary>
    private static int CheckMoves(GuardedMemory memory)
    {
        int count = 0;
        byte[] before = new byte[memory.Length];
        new Random(8).NextBytes(before);
        byte[] expected = [.. before];
        before.CopyTo(memory.Span);
        foreach (StoreKernels.Store move in StoreKernels.Moves)
        {
            foreach (int distance in s_distances.SelectMany(distance => new[] { distance, -distance }).Append(0))
            {
                for (int offset = 0; offset < 64; offset++)
                {
                    foreach (int length in StoreKernels.Edges)
                    {
                        Move(move, 384 + offset, distance, length);
                    }
                }

                foreach (int length in StoreKernels.Large)
                {
                    Move(move, 384 + (distance & 63), distance, length);
                    Move(move, Math.Max(0, distance), distance, length); // the lower of the two at the beginning
                    Move(move, memory.Length - length + Math.Min(0, distance), distance, length); // the upper one at the end
                }
            }
        }

        return count;

        void Move(StoreKernels.Store move, int offset, int distance, int length)
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

    private static int Check(StoreKernels.Store store, GuardedMemory memory, byte* to, byte* from, int length)
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

    private static int CheckFill(StoreKernels.Store store, GuardedMemory memory, byte* to, byte* value, int length)
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

    private static void CheckMargins(StoreKernels.Store store, GuardedMemory memory, byte* to, int length)
    {
        int before = (int)Math.Min(Margin, to - memory.Start);
        int after = (int)Math.Min(Margin, memory.End - to - length);
        if (new Span<byte>(to - before, before).ContainsAnyExcept(Background)
            || new Span<byte>(to + length, after).ContainsAnyExcept(Background))
        {
            Assert.Fail($"{store.Method.Name}: something beside the {length} bytes at {(nuint)to & 63} was stored");
        }
    }
}
