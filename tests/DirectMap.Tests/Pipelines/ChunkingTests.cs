using System.Buffers;
using System.IO.Pipelines;
using DirectMap.Tests.Infrastructure;
using FsCheck;
using FsCheck.Fluent;

namespace DirectMap.Tests.Pipelines;

/// <summary>
/// Millions of bytes in portions of any size: what goes in comes out, and positions and results are those of the BCL or of a model.
/// </summary>
public sealed class ChunkingTests : FileTest
{
    private const int Length = 1 << 20;

    private readonly byte[] _bytes = new byte[Length];
    private readonly DirectFile _file;
    private readonly MappedRegion _region;

    public ChunkingTests()
    {
        new Random(1).NextBytes(_bytes);
        _file = Create(Length);
        _region = _file.Map(MapOptions.DirectOrEmulated);
    }

    [Fact]
    public void A_reader_that_hands_out_all_gives_what_the_BCL_s_over_a_sequence_gives_step_by_step()
    {
        _region.CopyFrom(0, _bytes);
        ForAnySeed(random =>
        {
            (int offset, int length) = Part(random);
            PipeReader ours = _region.CreateReader(offset, length, new RegionReaderOptions { BufferSize = long.MaxValue });
            PipeReader peer = PipeReader.Create(new ReadOnlySequence<byte>(_bytes.AsMemory(offset, length)));
            for (int step = 0; step < 50; step++)
            {
                if (random.Next(5) == 0)
                {
                    ours.CancelPendingRead();
                    peer.CancelPendingRead();
                }

                bool isRead = Read(ours, random.Next(2) == 0, out ReadResult our);
                Assert.Equal(Read(peer, byTrying: true, out ReadResult their), isRead && !(our.Buffer.IsEmpty && !our.IsCanceled));
                if (!isRead || (our.Buffer.IsEmpty && !our.IsCanceled))
                {
                    break;
                }

                Assert.Equal(
                    (their.IsCanceled, their.IsCompleted, their.Buffer.Length), (our.IsCanceled, our.IsCompleted, our.Buffer.Length));
                Assert.Equal(
                    their.Buffer.FirstSpan[..(int)Math.Min(100, their.Buffer.Length)],
                    our.Buffer.FirstSpan[..(int)Math.Min(100, our.Buffer.Length)]);
                long consumed = Up(random, our.Buffer.Length, 40_000);
                long examined = consumed + Up(random, our.Buffer.Length - consumed, 40_000);
                ours.AdvanceTo(our.Buffer.GetPosition(consumed), our.Buffer.GetPosition(examined));
                peer.AdvanceTo(their.Buffer.GetPosition(consumed), their.Buffer.GetPosition(examined));
            }
        });
    }

    [Fact]
    public void A_reader_in_portions_shows_more_than_was_examined_begins_with_what_was_not_consumed_and_ends_where_the_bytes_end()
    {
        _region.CopyFrom(0, _bytes);
        ForAnySeed(random =>
        {
            (int offset, int length) = Part(random);
            PipeReader reader = _region.CreateReader(offset, length, new RegionReaderOptions { BufferSize = random.Next(1, 100_000) });
            long consumed = 0;
            long examined = 0;
            long shown = 0;
            while (true)
            {
                int minimum = random.Next(3) == 0 ? random.Next(200_000) : 0;
                ReadResult read = minimum == 0 ? Synchronously(reader.ReadAsync()) : Synchronously(reader.ReadAtLeastAsync(minimum));
                long end = consumed + read.Buffer.Length;
                Assert.True(end == length || (end > examined && read.Buffer.Length >= minimum && end >= shown));
                Assert.Equal(end == length, read.IsCompleted);
                Assert.True(read.Buffer.ToArray().AsSpan().SequenceEqual(_bytes.AsSpan((int)(offset + consumed), (int)read.Buffer.Length)));
                if (consumed == length)
                {
                    break;
                }

                shown = end;
                long by = Up(random, read.Buffer.Length, 100_000);
                long seen = by + Up(random, read.Buffer.Length - by, 100_000);
                reader.AdvanceTo(read.Buffer.GetPosition(by), read.Buffer.GetPosition(seen));
                (consumed, examined) = (consumed + by, consumed + seen);
            }
        });
    }

    [Fact]
    public void A_writer_puts_every_byte_where_it_belongs_whatever_is_asked_for_and_moves_as_a_model_does() => ForAnySeed(random =>
    {
        (int offset, int length) = Part(random);
        _region.Fill(0, Length, 0xEE);
        RegionWriterOptions options = new() { Durable = random.Next(20) == 0, BufferSize = random.Next(1, 50_000) };
        RegionWriter writer = random.Next(4) == 0
            ? _file.CreateWriter(MapOptions.DirectOrEmulated with { Range = new FileRange(0, _region.Length) }, offset, options)
            : _region.CreateWriter(offset, length, options);
        length = (int)(writer.EndPosition - offset);
        WriterModel model = new(writer, random, offset, length, options.Durable);
        while (!model.IsFull)
        {
            model.Step();
        }

        writer.Complete();
        byte[] all = new byte[Length];
        _region.CopyTo(0, all);
        Assert.True(all.AsSpan(offset, length).SequenceEqual(model.Expected));
        Assert.Equal(-1, all.AsSpan(0, offset).IndexOfAnyExcept((byte)0xEE));
        Assert.Equal(-1, all.AsSpan(offset + length).IndexOfAnyExcept((byte)0xEE));
    });

    public override void Dispose()
    {
        _region.Dispose();
        _file.Dispose();
        base.Dispose();
    }

    private static void ForAnySeed(Action<Random> test) =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed => test(new Random(seed)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(60));

    private static (int Offset, int Length) Part(Random random)
    {
        int offset = random.Next(Length / 2);
        return (offset, random.Next(1, Length - offset));
    }

    /// <summary>Often nothing, often everything, mostly something between.</summary>
    private static long Up(Random random, long limit, int most) => random.Next(8) switch
    {
        0 => 0,
        1 => Math.Min(limit, most),
        _ => random.Next((int)Math.Min(limit, most) + 1),
    };

    private static bool Read(PipeReader reader, bool byTrying, out ReadResult read)
    {
        if (byTrying)
        {
            return reader.TryRead(out read);
        }

        read = Synchronously(reader.ReadAsync());
        return true;
    }

    private static T Synchronously<T>(ValueTask<T> task) =>
        task.IsCompletedSuccessfully ? task.Result : task.AsTask().GetAwaiter().GetResult();

    /// <summary>What a writer has been given, and where it has to be.</summary>
    private sealed class WriterModel(RegionWriter writer, Random random, int offset, int length, bool durable)
    {
        private int _at;
        private int _flushed;

        internal byte[] Expected { get; } = new byte[length];

        internal bool IsFull => _at == length;

        /// <summary>Gives it some bytes in one of the ways that there are, or more than fit.</summary>
        internal void Step()
        {
            byte[] chunk = new byte[(int)Up(random, length - _at, 30_000)];
            random.NextBytes(chunk);
            int count = Give(random.Next(6), chunk);
            chunk.AsSpan(0, count).CopyTo(Expected.AsSpan(_at));
            _at += count;
            Assert.Equal(
                (offset + _at, _at - _flushed, offset + (durable ? _flushed : 0)),
                (writer.Position, writer.UnflushedBytes, writer.DurablePosition));
        }

        /// <returns>How many of the bytes it has taken.</returns>
        private int Give(int way, byte[] chunk)
        {
            int end = _at + chunk.Length;
            switch (way)
            {
                case 0:
                    return Fill(chunk);
                case 1:
                    writer.Write(chunk);
                    return chunk.Length;
                case 2 when chunk.Length > 0:
                    writer.CancelPendingFlush();
                    Assert.True(Synchronously(writer.WriteAsync(chunk)).IsCanceled);
                    return chunk.Length;
                case 3:
                    Assert.False(Synchronously(writer.WriteAsync(chunk)).IsCanceled);
                    _flushed = end;
                    return chunk.Length;
                case 4:
                    writer.AsStream(leaveOpen: true).Write(chunk);
                    _flushed = writer.UnflushedBytes == 0 ? end : _flushed;
                    return chunk.Length;
                default:
                    Assert.Throws<RegionFullException>(() => Overfill(length - _at + 1));
                    Synchronously(writer.FlushAsync());
                    _flushed = _at;
                    return 0;
            }
        }

        /// <summary>By its memory, which may have room for less, and in two steps.</summary>
        private int Fill(byte[] chunk)
        {
            int hint = random.Next(chunk.Length + 1);
            Memory<byte> memory = writer.GetMemory(hint);
            Assert.InRange(memory.Length, Math.Max(1, hint), length - _at);
            int count = Math.Min(chunk.Length, memory.Length);
            chunk.AsSpan(0, count).CopyTo(memory.Span);
            int first = random.Next(count + 1);
            writer.Advance(first);
            writer.Advance(count - first);
            return count;
        }

        private void Overfill(int bytes)
        {
            writer.GetMemory(bytes).Span[..bytes].Fill(0xAB);
            writer.Advance(bytes);
        }
    }
}
