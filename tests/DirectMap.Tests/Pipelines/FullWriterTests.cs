using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using DirectMap.Tests.Infrastructure;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DirectMap.Tests.Pipelines;

/// <summary>Producers that ask for more memory than they need, with as much room as they need, and with one byte less.</summary>
public abstract class FullWriterTests(FileBackingKind backing) : FileTest(backing)
{
    private const int Offset = 4000;

    private static readonly string[] s_words = [.. Enumerable.Range(0, 700).Select(number => $"word {number}")];

    private static readonly Dictionary<string, Func<PipeWriter, Task>> s_producers = new()
    {
        ["stream.CopyToAsync of the bytes"] = async writer =>
        {
            using MemoryStream source = new(new byte[9001]);
            await source.CopyToAsync(writer, Token);
        },
        ["a stream that reads one byte at a time"] = async writer =>
        {
            using Trickle source = new(300);
            await source.CopyToAsync(writer, Token);
        },
        ["PipeReader.CopyToAsync"] = writer => PipeReader.Create(new MemoryStream(new byte[9001])).CopyToAsync(writer, Token),
        ["PipeReader over a stream, copied to the writer's stream"] = async writer =>
        {
            await using Stream stream = writer.AsStream(leaveOpen: true);
            await new MemoryStream(new byte[9001]).CopyToAsync(stream, 100, Token);
        },
        ["Utf8JsonWriter"] = async writer =>
        {
            await using Utf8JsonWriter json = new((IBufferWriter<byte>)writer);
            json.WriteStartArray();
            foreach (string word in s_words)
            {
                json.WriteStringValue(word);
            }

            json.WriteEndArray();
            await json.FlushAsync(Token);
        },
        ["JsonSerializer"] = writer => JsonSerializer.SerializeAsync(writer, s_words, cancellationToken: Token),
        ["protobuf"] = writer =>
        {
            Struct message = new();
            message.Fields.Add("words", Value.ForList([.. s_words.Select(Value.ForString)]));
            message.WriteTo((IBufferWriter<byte>)writer);
            return Task.CompletedTask;
        },
        ["Encoding.GetBytes"] = writer =>
        {
            Encoding.UTF8.GetBytes(string.Join(' ', s_words), writer);
            return Task.CompletedTask;
        },
        ["BuffersExtensions.Write"] = writer =>
        {
            writer.Write(new byte[9001]);
            return Task.CompletedTask;
        },
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, bool> Producers()
    {
        TheoryData<string, bool> rows = [];
        foreach (string producer in s_producers.Keys)
        {
            rows.Add(producer, true);
            rows.Add(producer, false);
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Producers))]
    public async Task A_writer_is_filled_to_its_last_byte_and_one_byte_less_is_too_little(string producer, bool isFiles)
    {
        byte[] expected = await Written(producer);
        using DirectFile file = Create();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        RegionWriter exact = WriterOf(file, region, expected.Length, isFiles);

        await s_producers[producer](exact);
        await exact.CompleteAsync();

        Assert.Equal((exact.EndPosition, exact.EndPosition), (exact.Position, exact.DurablePosition));
        Assert.Equal(expected, Content(file, expected.Length));
        file.Write(new byte[expected.Length + 1], Offset);
        RegionWriter little = WriterOf(file, region, expected.Length - 1, isFiles);
        await Assert.ThrowsAsync<RegionFullException>(() => s_producers[producer](little));
        Assert.InRange(little.Position, Offset, little.EndPosition);
        await little.CompleteAsync();
        byte[] content = Content(file, expected.Length);
        Assert.Equal(0, content[^1]);
        int whole = (int)(little.DurablePosition - Offset);
        Assert.Equal(expected[..whole], content[..whole]);
    }

    [Fact]
    public async Task What_is_advanced_in_steps_and_of_a_flush_in_between_lies_where_it_belongs()
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        RegionWriter writer = region.CreateWriter(Offset, 10);

        "0123456789ab"u8.CopyTo(writer.GetSpan(4096));
        writer.Advance(0);
        writer.Advance(3);
        writer.Advance(4);
        Assert.Equal(10 - 7, writer.GetMemory().Length); // The region's own.
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Advance(4));
        "789ab"u8.CopyTo(writer.GetMemory(5).Span);
        await writer.FlushAsync(Token);
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Advance(1)); // A flush takes it back.
        "789"u8.CopyTo(writer.GetMemory(5).Span);
        writer.Advance(3);
        await writer.CompleteAsync();

        Assert.Equal("0123456789", Encoding.ASCII.GetString(Content(file, 10)));
        Assert.Throws<InvalidOperationException>(() => writer.GetMemory());
    }

    [Theory]
    [InlineData("flush")]
    [InlineData("GetMemory")]
    [InlineData("GetSpan")]
    [InlineData("WriteAsync")]
    public async Task Large_memory_that_was_handed_out_at_the_end_is_let_go_by_the_next_call(string call)
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        RegionWriter writer = region.CreateWriter(Offset, 10);
        WeakReference large = Large(writer);
        GC.Collect();
        Assert.True(large.IsAlive, "the writer has it no more");

        _ = call switch
        {
            "flush" => await writer.FlushAsync(Token),
            "GetMemory" => Ignore(writer.GetMemory(11).Length),
            "GetSpan" => Ignore(writer.GetSpan(11).Length),
            _ => await writer.WriteAsync(new byte[1], Token),
        };

        GC.Collect();
        Assert.False(large.IsAlive, "the writer keeps it");
        await writer.CompleteAsync();

        static FlushResult Ignore(int length) => new(isCanceled: length < 0, isCompleted: false);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Large(RegionWriter writer)
    {
        Assert.True(MemoryMarshal.TryGetArray(writer.GetMemory(1 << 20), out ArraySegment<byte> segment));
        Assert.Equal(1 << 20, segment.Count);
        return new WeakReference(segment.Array);
    }

    private static async Task<byte[]> Written(string producer)
    {
        using MemoryStream stream = new();
        PipeWriter peer = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        await s_producers[producer](peer);
        await peer.CompleteAsync();
        return stream.ToArray();
    }

    private static byte[] Content(DirectFile file, int length)
    {
        byte[] content = new byte[length];
        Assert.Equal(length, file.Read(content, Offset));
        return content;
    }

    /// <summary>One that lets go of the file, or one of a region.</summary>
    private static RegionWriter WriterOf(DirectFile file, MappedRegion region, int length, bool isFiles) => isFiles
        ? file.CreateWriter(MapOptions.DirectOrEmulated with { Range = new FileRange(0, Offset + length) }, Offset)
        : region.CreateWriter(Offset, length);

    /// <summary>One byte with each read.</summary>
    private sealed class Trickle(int length) : MemoryStream(new byte[length])
    {
        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(Read(buffer.Span[..1]));
    }
}
