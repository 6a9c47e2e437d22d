using System.Diagnostics;
using DirectMap.Stores;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Stores;

/// <summary>
/// Words that a region's stores promise not to tear, where the granularity is a page and the stores are nobody's but the copy's.
/// </summary>
public sealed class StoredWordTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("PersistCopy")]
    [InlineData("PersistFill")]
    [InlineData("PersistMove")]
    public void Another_thread_sees_words_old_or_new(string call) => Assert.Equal(0, Torn(call));

    [Fact]
    public void Another_thread_sees_torn_words_after_a_copy_that_promises_nothing_and_the_test_above_would_notice() =>
        Assert.NotEqual(0, Torn("CopyFrom"));

    [Fact]
    public void What_is_longer_than_a_stretch_is_stored_as_a_whole_and_nothing_beside_it()
    {
        byte[] source = new byte[(3 << 20) + 5];
        new Random(1).NextBytes(source);
        using DirectFile file = DirectFile.Create(Path.Combine(_directory.Path, "long"), length: 4 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        byte[] stored = new byte[region.Length];

        region.PersistCopy(3, source, StoreFlags.NoFlush);
        region.CopyTo(0, stored);
        Assert.Equal([.. new byte[3], .. source, .. new byte[region.Length - source.Length - 3]], stored);

        region.PersistFill(5, source.Length, 7, StoreFlags.NoFlush);
        region.CopyTo(0, stored);
        Assert.Equal(
            [
                .. new byte[3],
                source[0],
                source[1],
                .. Enumerable.Repeat((byte)7, source.Length),
                .. new byte[region.Length - source.Length - 5]
            ],
            stored);
    }

    public void Dispose() => _directory.Dispose();

    private int Torn(string call)
    {
        Requires.Native();
        const int Offset = 4, Length = 600, From = 8192;
        using DirectFile file = DirectFile.Create(Path.Combine(_directory.Path, "words"), length: 16384);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        int torn = 0;
        bool isOver = false;
        Thread reader = new(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                for (int at = 8; at + sizeof(ulong) <= Offset + Length; at += sizeof(ulong))
                {
                    ulong word = region.Read<ulong>(at);
                    if (word != (byte)word * 0x0101_0101_0101_0101UL)
                    {
                        torn++;
                        Volatile.Write(ref isOver, true);
                    }
                }
            }
        });
        reader.Start();

        byte[] source = new byte[Length];
        Stopwatch watch = Stopwatch.StartNew();
        for (byte value = 0; watch.ElapsedMilliseconds < (call == "CopyFrom" ? 20_000 : 3_000) && !Volatile.Read(ref isOver); value++)
        {
            source.AsSpan().Fill(value);
            switch (call)
            {
                case "CopyFrom":
                    region.CopyFrom(Offset, source);
                    break;
                case "PersistCopy":
                    region.PersistCopy(Offset, source, StoreFlags.NoFlush);
                    break;
                case "PersistFill":
                    region.PersistFill(Offset, Length, value, StoreFlags.NoFlush);
                    break;
                default:
                    region.CopyFrom(From, source);
                    region.PersistMove(Offset, From, Length, StoreFlags.NoFlush);
                    break;
            }
        }

        Volatile.Write(ref isOver, true);
        reader.Join();
        return torn;
    }
}
