using DirectMap.Stores;

namespace DirectMap.Tests.Infrastructure;

/// <summary>Copies, fills and moves that persist, against an array in which every byte is set by itself.</summary>
internal sealed class StoreModel
{
    internal const int Length = 256 << 10;

    /// <summary>What may be combined.</summary>
    internal static readonly StoreFlags[] AllFlags =
    [
        StoreFlags.None,
        StoreFlags.NoDrain,
        StoreFlags.NoFlush,
        StoreFlags.NoFlush | StoreFlags.NoDrain,
        StoreFlags.Temporal,
        StoreFlags.Temporal | StoreFlags.NoDrain,
        StoreFlags.Temporal | StoreFlags.NoFlush,
        StoreFlags.Temporal | StoreFlags.NoFlush | StoreFlags.NoDrain,
        StoreFlags.NonTemporal,
        StoreFlags.NonTemporal | StoreFlags.NoDrain,
    ];

    private static readonly int[] s_lengths =
    [
        .. Enumerable.Range(0, 301), 511, 512, 513, 4095, 4096, 4097, 8191, 8192, 8193, 65_535, 65_536, 65_537
    ];
    private static readonly int[] s_distances = [1, 7, 8, 9, 63, 64, 65, 200, 4096, 5000];

    private readonly MappedRegion _region;
    private readonly byte[] _expected = new byte[Length];
    private readonly byte[] _source = new byte[Length];
    private readonly byte[] _read = new byte[Length];
    private int _turn;

    internal StoreModel(MappedRegion region)
    {
        _region = region;
        new Random(3).NextBytes(_source);
        new Random(4).NextBytes(_expected);
        region.CopyFrom(0, _expected);
    }

    /// <summary>
    /// Each length with each kind of store, all flags and many offsets in turn. Where each is a sync, the turns are fewer.
    /// </summary>
    internal void CheckEverything()
    {
        bool isSlow = _region.Facts.Granularity.Value == PersistGranularity.Page;
        foreach (int length in s_lengths)
        {
            // With pages there is one way to store; the others are those of the kernels.
            for (int i = 0; i < (isSlow ? 2 : 2 * AllFlags.Length); i++, _turn++)
            {
                StoreFlags flags = AllFlags[_turn % AllFlags.Length] | (isSlow && length % 50 != 0 ? StoreFlags.NoFlush : 0);
                if (isSlow)
                {
                    flags &= ~StoreFlags.NonTemporal | (flags.HasFlag(StoreFlags.NoFlush) ? 0 : StoreFlags.NonTemporal);
                }

                int offset = 5000 + (_turn * 13 % 64);
                Copy(offset, _turn * 7 % 64, length, flags);
                Fill(offset + 17, length, (byte)_turn, flags);
                int distance = s_distances[_turn / 2 % s_distances.Length];
                Move(offset + distance, offset, length, flags);
                Copy(offset, _turn * 11 % 64, length, flags);
                Move(offset, offset + distance, length, flags);
            }
        }

        Copy(Length - 100, 3, 100, StoreFlags.None);
        Fill(0, 3, 9, StoreFlags.None);
        Move(Length - 300, 0, 300, StoreFlags.None);
        Move(77, 77, 300, StoreFlags.None);
        CheckAll();
    }

    /// <summary>More than is moved at once where system calls move it.</summary>
    internal void CheckLargeMoves()
    {
        foreach (int distance in (int[])[1, 100, 4096, 65_535, 65_536, 65_537])
        {
            Copy(0, 0, Length, StoreFlags.NoFlush);
            Move(distance, 0, Length - distance, StoreFlags.None);
            Copy(0, 0, Length, StoreFlags.NoFlush);
            Move(0, distance, Length - distance, StoreFlags.None);
            CheckAll();
        }
    }

    private void Copy(int offset, int from, int length, StoreFlags flags)
    {
        for (int i = 0; i < length; i++)
        {
            _expected[offset + i] = _source[from + i];
        }

        _region.PersistCopy(offset, _source.AsSpan(from, length), flags);
        Check("copy", offset, offset, length, flags);
    }

    private void Fill(int offset, int length, byte value, StoreFlags flags)
    {
        for (int i = 0; i < length; i++)
        {
            _expected[offset + i] = value;
        }

        _region.PersistFill(offset, length, value, flags);
        Check("fill", offset, offset, length, flags);
    }

    private void Move(int offset, int from, int length, StoreFlags flags)
    {
        byte[] moved = [.. _expected.Skip(from).Take(length)];
        for (int i = 0; i < length; i++)
        {
            _expected[offset + i] = moved[i];
        }

        _region.PersistMove(offset, from, length, flags);
        Check("move", offset, from, length, flags);
    }

    /// <summary>With a margin, so that a byte too many is seen.</summary>
    private void Check(string what, int offset, int from, int length, StoreFlags flags)
    {
        int first = Math.Max(0, Math.Min(offset, from) - 100);
        int last = Math.Min(Length, Math.Max(offset, from) + length + 100);
        Span<byte> read = _read.AsSpan(first..last);
        _region.CopyTo(first, read);
        Assert.True(read.SequenceEqual(_expected.AsSpan(first..last)), $"{what} of {length} bytes from {from} to {offset}, {flags}");
    }

    private void CheckAll()
    {
        _region.CopyTo(0, _read);
        Assert.True(_read.AsSpan().SequenceEqual(_expected), "something else has changed");
        Assert.True(File.ReadAllBytes(_region.Path).AsSpan().SequenceEqual(_expected), "the file has not what the region has");
    }
}
