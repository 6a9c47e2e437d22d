using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Stores;

/// <summary>
/// Stores that are made in pieces: no word lies in two of them, so whoever looks meanwhile sees each word as it was or as it is to be.
/// They begin amid a word, and all bytes of a word are the same, before and after.
/// </summary>
public sealed unsafe class LongStoreTests : FileTest
{
    private const int Rounds = 60;
    private const int Length = (2 << 20) + 500;
    private const int Space = 8 << 20;
    private const int From = (4 << 20) + First;
    private const int First = 3; // amid a word

    /// <summary>What pieces may end near: these are the sizes of pieces, as multiples of the smaller one.</summary>
    private const int Piece = 64 << 10;

    [Theory]
    [InlineData(PersistGranularity.Byte)]
    [InlineData(PersistGranularity.CacheLine)]
    [InlineData(PersistGranularity.Page)]
    public void A_copy_of_2_MiB_tears_no_word(PersistGranularity granularity)
    {
        byte[] source = new byte[Length];
        Watch(granularity, (region, round) =>
        {
            Array.Fill(source, (byte)round);
            region.PersistCopy(First, source, StoreFlags.NoDrain);
        });
    }

    [Theory]
    [InlineData(PersistGranularity.Byte)]
    [InlineData(PersistGranularity.CacheLine)]
    [InlineData(PersistGranularity.Page)]
    public void A_fill_of_2_MiB_tears_no_word(PersistGranularity granularity) =>
        Watch(granularity, (region, round) => region.PersistFill(First, Length, (byte)round, StoreFlags.NoDrain));

    [Theory]
    [InlineData(PersistGranularity.Byte)]
    [InlineData(PersistGranularity.CacheLine)]
    [InlineData(PersistGranularity.Page)]
    public void A_move_of_2_MiB_tears_no_word(PersistGranularity granularity) => Watch(granularity, (region, round) =>
    {
        region.Fill(From, Length, (byte)round);
        region.PersistMove(First, From, Length, StoreFlags.NoDrain);
    });

    /// <summary>
    /// Up and down by eight words: the source overlaps where it goes, so it goes through a buffer, from one end or the other.
    /// </summary>
    [Theory]
    [InlineData(PersistGranularity.CacheLine)]
    [InlineData(PersistGranularity.Page)]
    public void A_copy_from_another_region_of_the_same_bytes_tears_no_word(PersistGranularity granularity)
    {
        const int Shift = 64;
        using DirectFile file = Create(Space);
        using MappedRegion other = file.Map();
        for (int word = 0; word < Space / sizeof(ulong); word++)
        {
            other.Write(word * sizeof(ulong), (byte)(word * 37) * Words.Ones);
        }

        Watch(file, granularity, (region, round) =>
        {
            (int from, int to) = round % 2 == 0 ? (First, First + Shift) : (First + Shift, First);
            using RegionScope scope = other.OpenScope(from, Length);
            region.PersistCopy(to, scope.Span, StoreFlags.NoDrain);
            scope.Complete();
        });
    }

    private void Watch(PersistGranularity granularity, Action<MappedRegion, int> store)
    {
        using DirectFile file = Create(Space);
        Watch(file, granularity, store);
    }

    /// <summary>Another thread looks at the words around each place where a piece might end if it ended amid a word.</summary>
    private static void Watch(DirectFile file, PersistGranularity granularity, Action<MappedRegion, int> store)
    {
        Requires.Native(); // Without it there are no cache lines to flush, and by pages the kernel copies, which tears words.
        using MappedRegion region = file.Map(MapOptions.Default with { EmulatedGranularity = granularity });
        Words words = new(region.AddressOf(0));
        Thread thread = new(words.Look);
        thread.Start();
        try
        {
            for (int round = 1; words.Torn is null && (round <= Rounds || (words.Changes == 0 && round <= 100 * Rounds)); round++)
            {
                store(region, round);
            }
        }
        finally
        {
            words.End();
            thread.Join();
        }

        GC.KeepAlive(region); // Mapped as long as the other thread has looked.
        Assert.Null(words.Torn);
        Assert.True(words.Changes > 0, "no word was seen to change");
    }

    /// <summary>The words that are looked at.</summary>
    private sealed class Words(byte* start)
    {
        internal const ulong Ones = 0x0101_0101_0101_0101;

        private bool _end;
        private ulong _last;

        internal string? Torn { get; private set; }

        internal long Changes { get; private set; }

        internal void End() => Volatile.Write(ref _end, true);

        internal void Look()
        {
            while (!Volatile.Read(ref _end))
            {
                for (int edge = Piece; edge < Length - 128; edge += Piece)
                {
                    // From both ends of what is stored: 8 words around each place.
                    LookAround(First + edge);
                    LookAround(First + Length - edge);
                }
            }
        }

        private void LookAround(int edge)
        {
            for (int at = (edge & ~7) - 32; at < edge + 32; at += sizeof(ulong))
            {
                ulong word = Volatile.Read(ref *(ulong*)(start + at)); // In bounds, and mapped until the thread has ended.
                Changes += word != _last ? 1 : 0;
                _last = word;
                if (word != (byte)word * Ones)
                {
                    Torn = $"the word at {at} is {word:x16}";
                    End();
                }
            }
        }
    }
}
