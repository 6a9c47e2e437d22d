using System.Buffers;
using System.IO.Pipelines;

namespace DirectMap.Tests.Pipelines;

/// <summary>
/// What is done to a writer, and whose answers are the right ones. Where the BCL's writers differ a case names the one that
/// this library's are like.
/// </summary>
internal static class WriterTable
{
    internal const string Pipe = "Pipe";
    internal const string Stream = "PipeWriter.Create(stream)";

    private static readonly CancellationToken s_cancelled = new(canceled: true);

    internal static readonly IReadOnlyList<Case> All = [.. Memory(), .. Flushes(), .. Completions(), .. Wrappers()];

    /// <summary>Memory, and how much of it is used.</summary>
    private static Case[] Memory() =>
    [
        new("GetMemory has some, and as much as asked for", [Pipe, Stream], w => Now(
            $"{w.GetMemory().Length > 0} {w.GetMemory(3000).Length >= 3000} {w.GetSpan().Length > 0} {w.GetSpan(5000).Length >= 5000}")),
        new("GetMemory of a negative number", [Pipe, Stream], w => Now($"{w.GetMemory(-1).Length}")),
        new("GetSpan of a negative number", [Pipe, Stream], w => Now($"{w.GetSpan(-1).Length}")),
        new("Advance without memory", [Pipe, Stream], w => Advanced(w, 1)),
        new("Advance by nothing without memory", [Pipe, Stream], w => Advanced(w, 0)),
        new("Advance by a negative number", [Pipe, Stream], w => Put(w, "abc", -1)),
        new("Advance by more than was handed out", [Pipe, Stream], w => Advanced(w, w.GetMemory().Length + 1)),
        new("Advance in two steps", [Pipe, Stream], async w => await Put(w, "abcdef", 2) + await Advanced(w, 4) + await Flush(w)),
        new("Advance in two steps, too far", [Pipe, Stream], async w => await Put(w, "abcdef", 3) + await Advanced(w, 1 << 30)),
        new(
            "Advance by nothing, then by something",
            [Pipe, Stream],
            async w => await Put(w, "abc", 0) + await Put(w, "de", 2) + await Flush(w)),
        new(
            "Advance by nothing, then by something of the same memory",
            [Pipe, Stream],
            async w => await Put(w, "abc", 0) + await Advanced(w, 2) + await Flush(w)),
        new("memory of before a flush", [Stream], async w => await Put(w, "abc", 2) + await Flush(w) + await Advanced(w, 1)),
        new("memory of before a write", [Stream], async w => await Put(w, "abc", 2) + await Write(w, "de") + await Advanced(w, 1)),
    ];

    /// <summary>Flushes, and what they are told to do.</summary>
    private static Case[] Flushes() =>
    [
        new("CanGetUnflushedBytes", [Pipe, Stream], w => Now($"{w.CanGetUnflushedBytes} {w.UnflushedBytes}")),
        new("a flush of nothing", [Pipe, Stream], Flush),
        new("flushes", [Pipe, Stream], async w =>
            await Put(w, "abc", 3) + await Flush(w) + await Put(w, "de", 2) + await Put(w, "f", 1) + await Flush(w) + await Flush(w)),
        new("WriteAsync", [Pipe, Stream], async w => await Write(w, "abc") + await Write(w, "") + await Write(w, "de")),
        new("WriteAsync after Advance", [Pipe, Stream], async w => await Put(w, "abc", 3) + await Write(w, "de")),
        new(
            "a flush with a token that was cancelled, and one without",
            [Pipe, Stream],
            async w => await Put(w, "abc", 3) + await Thrown(() => w.FlushAsync(s_cancelled).AsTask()) + w.UnflushedBytes + await Flush(w)),
        new("a flush of nothing with a token that was cancelled", [Stream], async w => Show(await w.FlushAsync(s_cancelled))),
        new(
            "WriteAsync with a token that was cancelled",
            [Pipe, Stream],
            async w => await Thrown(() => w.WriteAsync("abc"u8.ToArray(), s_cancelled).AsTask()) + w.UnflushedBytes + await Write(w, "de")),
        new("CancelPendingFlush before a flush of nothing", [Stream], w =>
        {
            w.CancelPendingFlush();
            return Flush(w);
        }),
        new("CancelPendingFlush before a flush, and the next one", [Stream], async w =>
        {
            w.CancelPendingFlush();
            w.CancelPendingFlush();
            return await Put(w, "abc", 3) + await Flush(w) + w.UnflushedBytes + await Flush(w) + w.UnflushedBytes;
        }),
        new("CancelPendingFlush before WriteAsync: the bytes are there", [Pipe], async w =>
        {
            w.CancelPendingFlush();
            return Show(await w.WriteAsync("abc"u8.ToArray())) + Show(await w.FlushAsync());
        }),
    ];

    /// <summary>How it ends, and what is refused then.</summary>
    private static Case[] Completions() =>
    [
        new("Complete flushes", [Pipe, Stream], async w =>
        {
            await Put(w, "abc", 3);
            w.Complete();
            return $"{w.UnflushedBytes}";
        }),
        new("CompleteAsync flushes", [Pipe, Stream], async w =>
        {
            await Put(w, "abc", 3);
            await w.CompleteAsync();
            return $"{w.UnflushedBytes}";
        }),
        new("Complete with an exception", [Stream], async w =>
        {
            await Write(w, "abc");
            w.Complete(new IOException());
            w.Complete();
            await w.CompleteAsync();
            return $"{w.UnflushedBytes}";
        }),
        new("Complete, then GetMemory", [Pipe, Stream], w => Completed(w, () => Now($"{w.GetMemory().Length}"))),
        new("Complete, then GetSpan", [Pipe, Stream], w => Completed(w, () => Now($"{w.GetSpan().Length}"))),
        new("Complete, then Advance by nothing", [Pipe, Stream], w => Completed(w, () => Advanced(w, 0))),
        new("Complete, then Advance", [Stream], w =>
        {
            w.GetMemory(5);
            return Completed(w, () => Advanced(w, 1));
        }),
        new("Complete, then a flush", [Pipe, Stream], w => Completed(w, () => Flush(w))),
        new("Complete, then WriteAsync", [Pipe], w => Completed(w, () => Write(w, "abc"))),
        new("Complete, then CancelPendingFlush", [Pipe, Stream], w => Completed(w, () =>
        {
            w.CancelPendingFlush();
            return Now("nothing thrown");
        })),
    ];

    /// <summary>What writes to it by itself.</summary>
    private static Case[] Wrappers() =>
    [
        new("AsStream", [Pipe, Stream], async w =>
        {
            await using Stream stream = w.AsStream();
            stream.Write("abc"u8);
            await stream.WriteAsync("de"u8.ToArray());
            stream.Flush();
            await stream.FlushAsync();
            return $"{w.UnflushedBytes}";
        }),
        new("a stream that is copied to it", [Pipe, Stream], async w =>
        {
            using MemoryStream source = new([.. Enumerable.Range(0, 20_000).Select(i => (byte)i)]);
            await PipeReader.Create(source).CopyToAsync(w);
            return $"{w.UnflushedBytes}";
        }),
        new("IBufferWriter", [Pipe, Stream], async w =>
        {
            w.Write("a"u8);
            w.Write(new byte[9000]);
            return $"{w.UnflushedBytes} " + await Flush(w);
        }),
    ];

    internal static (PipeWriter Writer, Func<byte[]> Written) Peer(string name)
    {
        if (name == Stream)
        {
            MemoryStream stream = new();
            return (PipeWriter.Create(stream), stream.ToArray);
        }

        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 0));
        return (pipe.Writer, () => pipe.Reader.TryRead(out ReadResult read) ? read.Buffer.ToArray() : []);
    }

    private static string Show(FlushResult flush) => $"[{(flush.IsCompleted ? "completed" : "")}{(flush.IsCanceled ? "canceled" : "")}]";

    private static Task<string> Now(string shown) => Task.FromResult(shown);

    private static Task<string> Advanced(PipeWriter writer, int bytes)
    {
        writer.Advance(bytes);
        return Now($"[{writer.UnflushedBytes}]");
    }

    private static Task<string> Put(PipeWriter writer, string text, int advance)
    {
        System.Text.Encoding.ASCII.GetBytes(text, writer.GetSpan(text.Length));
        return Advanced(writer, advance);
    }

    private static async Task<string> Write(PipeWriter writer, string text) =>
        Show(await writer.WriteAsync(System.Text.Encoding.ASCII.GetBytes(text))) + writer.UnflushedBytes;

    private static async Task<string> Flush(PipeWriter writer) => Show(await writer.FlushAsync());

    private static Task<string> Thrown(Func<Task> action) => ReaderTable.Thrown(action);

    private static async Task<string> Completed(PipeWriter writer, Func<Task<string>> action)
    {
        writer.Complete();
        return await action();
    }

    /// <param name="Name">What is done.</param>
    /// <param name="Peers">Those of the BCL that answer so.</param>
    /// <param name="Action">Does it, and says what it saw.</param>
    internal sealed record Case(string Name, string[] Peers, Func<PipeWriter, Task<string>> Action)
    {
        /// <summary>What was seen, what was thrown, and what was written when all is over.</summary>
        internal async Task<string> Run(PipeWriter writer, Func<byte[]> written)
        {
            string seen = "";
            string thrown = await Thrown(async () => seen = await Action(writer));
            writer.Complete(); // What was cancelled may be unflushed.
            return $"{seen} {thrown} {Convert.ToHexString(written())}";
        }
    }
}
