using System.Buffers;
using System.IO.Pipelines;

namespace DirectMap.Tests.Pipelines;

/// <summary>
/// What is done to a reader of <see cref="Length"/> bytes, and whose answers are the right ones. Where the BCL's readers differ a case
/// names those that this library's is like.
/// </summary>
internal static class ReaderTable
{
    internal const int Length = 10_000;

    internal const string Pipe = "Pipe";
    internal const string Sequence = "PipeReader.Create(sequence)";
    internal const string Stream = "PipeReader.Create(stream)";

    private static readonly CancellationToken s_cancelled = new(canceled: true);

    internal static byte[] Bytes { get; } = [.. Enumerable.Range(0, Length).Select(i => (byte)(i % 251))];

    internal static readonly IReadOnlyList<Case> All =
    [
        .. AllAtOnce(), .. Cancellations(), .. WrongPositions(), .. Portions(), .. Copies(), .. Completions(),
    ];

    /// <summary>Everything at once: a reader that has all from the beginning.</summary>
    private static Case[] AllAtOnce() =>
    [
        new("ReadAsync hands out everything, the last bytes are told", [Pipe, Sequence], async r => Show(await r.ReadAsync())),
        new("TryRead hands out everything", [Pipe, Sequence], r => Now(Try(r))),
        new(
            "consumed bytes do not come again",
            [Pipe, Sequence],
            async r => await Step(r, 100, 100) + await Step(r, 1, 1) + Show(await r.ReadAsync())),
        new("examined bytes come again with more", [Pipe, Sequence], async r => await Step(r, 10, 5000) + Show(await r.ReadAsync())),
        new(
            "all examined, nothing consumed: the last buffer comes again",
            [Pipe, Sequence],
            async r => await Step(r, 0, Length) + await Step(r, 0, Length) + Show(await r.ReadAsync())),
        new("a buffer that was not touched", [Pipe, Sequence], async r => await Step(r, 0, 0) + Show(await r.ReadAsync())),
        new("default positions consume nothing", [Pipe, Sequence], async r =>
        {
            await r.ReadAsync();
            r.AdvanceTo(default);
            return Show(await r.ReadAsync());
        }),
        new("a default examined position", [Pipe, Sequence], async r =>
        {
            ReadResult read = await r.ReadAsync();
            r.AdvanceTo(read.Buffer.GetPosition(7), default);
            return Show(await r.ReadAsync());
        }),
    ];

    /// <summary>Of a reader that has all from the beginning.</summary>
    private static Case[] Cancellations() =>
    [
        new("CancelPendingRead before a read", [Pipe, Sequence], async r =>
        {
            r.CancelPendingRead();
            r.CancelPendingRead();
            return await Step(r, 5, 5) + Show(await r.ReadAsync());
        }),
        new("CancelPendingRead before TryRead", [Pipe, Sequence], r =>
        {
            r.CancelPendingRead();
            return Now(Try(r));
        }),
        new("CancelPendingRead between a read and its AdvanceTo", [Pipe, Sequence], async r =>
        {
            ReadResult first = await r.ReadAsync();
            string shown = Show(first);
            r.CancelPendingRead();
            r.AdvanceTo(first.Buffer.GetPosition(3));
            return shown + await Step(r, 0, 0) + Show(await r.ReadAsync());
        }),
        new("CancelPendingRead at the end", [Pipe, Sequence], async r =>
        {
            await Drain(r);
            r.CancelPendingRead();
            return await Step(r, 0, 0) + Show(await r.ReadAsync());
        }),
        new("CancelPendingRead before ReadAtLeastAsync", [Pipe, Sequence], async r =>
        {
            r.CancelPendingRead();
            return Show(await r.ReadAtLeastAsync(2 * Length));
        }),
    ];

    /// <summary>Positions of another read, or in the wrong order; of a reader that has all from the beginning.</summary>
    private static Case[] WrongPositions() =>
    [
        new("two reads without an AdvanceTo", [Sequence], async r => Show(await r.ReadAsync()) + Show(await r.ReadAsync())),
        new("AdvanceTo twice", [Sequence], async r =>
        {
            ReadResult read = await r.ReadAsync();
            r.AdvanceTo(read.Buffer.GetPosition(5));
            r.AdvanceTo(read.Buffer.GetPosition(6));
            return Show(await r.ReadAsync());
        }),
        new("AdvanceTo before a read", [Sequence, Stream], r =>
        {
            r.AdvanceTo(default);
            return Now("nothing thrown");
        }),
        new("a position that was consumed before", [Sequence], async r =>
        {
            ReadResult read = await r.ReadAsync();
            r.AdvanceTo(read.Buffer.GetPosition(5));
            r.AdvanceTo(read.Buffer.GetPosition(4));
            return "nothing thrown";
        }),
        new("examined before consumed", [Pipe], async r =>
        {
            ReadResult read = await r.ReadAsync();
            r.AdvanceTo(read.Buffer.GetPosition(5), read.Buffer.GetPosition(4));
            return "nothing thrown";
        }),
        new(
            "an examined position before a former one",
            [Pipe, Sequence],
            async r => await Step(r, 0, 5000) + await Step(r, 0, 100) + Show(await r.ReadAsync())),
    ];

    /// <summary>In whatever portions it comes.</summary>
    private static Case[] Portions() =>
    [
        new("a token that was cancelled", [Pipe, Stream], async r => Show(await r.ReadAsync(s_cancelled)), AnyPortions: true),
        new(
            "a token that was cancelled, ReadAtLeastAsync",
            [Pipe, Stream],
            async r => Show(await r.ReadAtLeastAsync(5, s_cancelled)),
            AnyPortions: true),
        new(
            "everything, portion by portion",
            [Pipe, Sequence, Stream],
            async r => await Drain(r) + Show(await r.ReadAsync()),
            AnyPortions: true),
        new("everything, by examining only", [Pipe, Sequence, Stream], async r =>
        {
            ReadResult read = await r.ReadAsync();
            for (; !read.IsCompleted; read = await r.ReadAsync())
            {
                r.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }

            return Show(read);
        }, AnyPortions: true),
        new("the end of an empty buffer may be advanced to", [Pipe, Sequence, Stream], async r =>
        {
            await Drain(r);
            ReadResult last = await r.ReadAsync();
            r.AdvanceTo(last.Buffer.Start, last.Buffer.End);
            return Show(last) + Show(await r.ReadAsync());
        }, AnyPortions: true),
        new("TryRead at the end", [Sequence, Stream], async r => await Drain(r) + Try(r), AnyPortions: true),
        new(
            "ReadAtLeastAsync of half",
            [Pipe, Sequence, Stream],
            async r => $"{(await r.ReadAtLeastAsync(Length / 2)).Buffer.Length >= Length / 2}",
            AnyPortions: true),
        new(
            "ReadAtLeastAsync of more than there is",
            [Pipe, Sequence, Stream],
            async r => Show(await r.ReadAtLeastAsync(Length + 1)),
            AnyPortions: true),
        new(
            "ReadAtLeastAsync at the end",
            [Pipe, Sequence, Stream],
            async r => await Drain(r) + Show(await r.ReadAtLeastAsync(1)),
            AnyPortions: true),
        new(
            "ReadAtLeastAsync of a negative number",
            [Pipe, Sequence, Stream],
            async r => Show(await r.ReadAtLeastAsync(-1)),
            AnyPortions: true),
    ];

    /// <summary>What reads to the end by itself.</summary>
    private static Case[] Copies() =>
    [
        new("CopyToAsync a stream, from the middle", [Pipe, Sequence], async r =>
        {
            ReadResult skipped = await r.ReadAtLeastAsync(1000);
            r.AdvanceTo(skipped.Buffer.GetPosition(1000));
            using MemoryStream copy = new();
            await r.CopyToAsync(copy);
            return Convert.ToHexString(copy.ToArray()) + Show(await r.ReadAsync());
        }, AnyPortions: true),
        new("CopyToAsync a writer", [Pipe, Sequence, Stream], async r =>
        {
            using MemoryStream copy = new();
            PipeWriter writer = PipeWriter.Create(copy, new StreamPipeWriterOptions(leaveOpen: true));
            await r.CopyToAsync(writer);
            await writer.CompleteAsync();
            return Convert.ToHexString(copy.ToArray()) + Show(await r.ReadAsync());
        }, AnyPortions: true),
        new("CopyToAsync after CancelPendingRead", [Pipe, Sequence, Stream], async r =>
        {
            r.CancelPendingRead();
            await r.CopyToAsync(new MemoryStream());
            return "nothing thrown";
        }, AnyPortions: true),
        new("CopyToAsync with a token that was cancelled", [Pipe, Sequence, Stream], async r =>
        {
            await r.CopyToAsync(new MemoryStream(), s_cancelled);
            return "nothing thrown";
        }, AnyPortions: true),
        new("CopyToAsync nowhere", [Pipe, Sequence, Stream], async r =>
        {
            await r.CopyToAsync((Stream)null!);
            return "nothing thrown";
        }, AnyPortions: true),
        new("CopyToAsync a stream that fails, and what is left", [Pipe, Sequence], async r =>
        {
            string thrown = await Thrown(() => r.CopyToAsync(new MemoryStream(new byte[10])));
            return thrown + Show(await r.ReadAtLeastAsync(Length));
        }),
        new("AsStream", [Pipe, Sequence, Stream], async r =>
        {
            using Stream stream = r.AsStream();
            byte[] all = new byte[Length + 1];
            int count = await stream.ReadAtLeastAsync(all, all.Length, throwOnEndOfStream: false);
            return Convert.ToHexString(all.AsSpan(0, count)) + stream.ReadByte();
        }, AnyPortions: true),
    ];

    /// <summary>After the end, or in the middle of a read.</summary>
    private static Case[] Completions() =>
    [
        new(
            "Complete, then ReadAsync",
            [Pipe, Sequence, Stream],
            r => Completed(r, async () => Show(await r.ReadAsync())),
            AnyPortions: true),
        new("Complete, then TryRead", [Pipe, Sequence, Stream], r => Completed(r, () => Now(Try(r))), AnyPortions: true),
        new(
            "Complete, then ReadAtLeastAsync",
            [Pipe, Sequence, Stream],
            r => Completed(r, async () => Show(await r.ReadAtLeastAsync(1))),
            AnyPortions: true),
        new(
            "Complete, then CopyToAsync",
            [Pipe, Sequence, Stream],
            r => Completed(r, async () => $"{await Thrown(() => r.CopyToAsync(new MemoryStream()))}"),
            AnyPortions: true),
        new("Complete, then CopyToAsync: its task says so", [Pipe, Sequence, Stream], r => Completed(r, () =>
        {
            Task copying = r.CopyToAsync(System.IO.Stream.Null);
            return Thrown(() => copying);
        }), AnyPortions: true),
        new(
            "Complete, then CopyToAsync nowhere",
            [Pipe, Sequence],
            r => Completed(r, () => Thrown(() => r.CopyToAsync((System.IO.Stream)null!)))),
        new("Complete, then AdvanceTo", [Pipe, Sequence, Stream], r => Completed(r, () =>
        {
            r.AdvanceTo(default);
            return Now("nothing thrown");
        }), AnyPortions: true),
        new("Complete, then CancelPendingRead, and Complete again", [Pipe, Sequence, Stream], r => Completed(r, async () =>
        {
            r.CancelPendingRead();
            r.Complete(new IOException());
            await r.CompleteAsync();
            return "nothing thrown";
        }), AnyPortions: true),
        new("Complete with an exception while a buffer is out", [Pipe, Sequence, Stream], async r =>
        {
            await r.ReadAsync();
            await r.CompleteAsync(new IOException());
            return "nothing thrown";
        }, AnyPortions: true),
    ];

    internal static PipeReader Peer(string name)
    {
        switch (name)
        {
            case Sequence:
                return PipeReader.Create(new ReadOnlySequence<byte>(Bytes));
            case Stream:
                return PipeReader.Create(new MemoryStream(Bytes));
            default:
                Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 0));
                pipe.Writer.Write(Bytes);
                pipe.Writer.Complete();
                return pipe.Reader;
        }
    }

    internal static async Task<string> Thrown(Func<Task> action)
    {
        try
        {
            await action();
            return "nothing thrown";
        }
        catch (Exception exception)
        {
            return exception.GetType().Name;
        }
    }

    private static string Show(ReadResult read) =>
        $"[{(read.IsCompleted ? "completed " : "")}{(read.IsCanceled ? "canceled " : "")}{read.Buffer.Length}: "
        + $"{Convert.ToHexString(read.Buffer.ToArray())}]";

    private static string Try(PipeReader reader) => reader.TryRead(out ReadResult read) ? Show(read) : $"[nothing {Show(read)}]";

    private static Task<string> Now(string shown) => Task.FromResult(shown);

    private static async Task<string> Step(PipeReader reader, int consumed, int examined)
    {
        ReadResult read = await reader.ReadAsync();
        string shown = $"[{(read.IsCompleted ? "completed " : "")}{(read.IsCanceled ? "canceled " : "")}{read.Buffer.Length}]";
        reader.AdvanceTo(
            read.Buffer.GetPosition(Math.Min(consumed, read.Buffer.Length)),
            read.Buffer.GetPosition(Math.Min(examined, read.Buffer.Length)));
        return shown;
    }

    /// <summary>What was read, but not in which portions.</summary>
    private static async Task<string> Drain(PipeReader reader)
    {
        using MemoryStream all = new();
        while (true)
        {
            ReadResult read = await reader.ReadAsync();
            all.Write(read.Buffer.ToArray());
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return Convert.ToHexString(all.ToArray());
            }
        }
    }

    private static async Task<string> Completed(PipeReader reader, Func<Task<string>> action)
    {
        reader.Complete();
        return await action();
    }

    /// <param name="Name">What is done.</param>
    /// <param name="Peers">Those of the BCL that answer so.</param>
    /// <param name="Action">Does it, and says what it saw.</param>
    /// <param name="AnyPortions">Whether it does not matter how much a read hands out.</param>
    internal sealed record Case(string Name, string[] Peers, Func<PipeReader, Task<string>> Action, bool AnyPortions = false)
    {
        internal async Task<string> Run(PipeReader reader)
        {
            string seen = "";
            string thrown = await Thrown(async () => seen = await Action(reader));
            return seen + thrown;
        }
    }
}
