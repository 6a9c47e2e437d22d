#pragma warning disable CA1835, CA2022 // all overloads are called, and what they return is compared

namespace DirectMap.Tests.Pipelines;

/// <summary>A call of a stream, with what came of it and the position after it in words.</summary>
internal sealed record StreamOperation(string Name, long Number, int Count, byte Value)
{
    private static readonly CancellationToken s_cancelled = new(canceled: true);

    private static readonly Dictionary<string, Func<Stream, StreamOperation, Task<string>>> s_calls = new([.. Accesses(), .. Others()]);

    private static readonly string[] s_names = [.. s_calls.Keys];

    private byte[] Buffer => new byte[Count];

    private byte[] Filled
    {
        get
        {
            byte[] buffer = Buffer;
            Array.Fill(buffer, Value);
            return buffer;
        }
    }

    /// <summary>Numbers from before the begin to behind the end, and often near both.</summary>
    internal static StreamOperation Any(Random random, int size)
    {
        long number = random.Next(4) switch
        {
            0 => random.Next(-8, 8),
            1 => size + random.Next(-8, 8),
            _ => random.Next(-size / 4, size + (size / 4)),
        };
        int count = random.Next(8) == 0 ? 0 : random.Next(2) == 0 ? random.Next(16) : random.Next(size / 2);
        return new StreamOperation(s_names[random.Next(s_names.Length)], number, count, (byte)random.Next(256));
    }

    /// <summary>What it returned, or the type of what it threw; and where the stream is afterwards.</summary>
    internal async Task<string> Run(Stream stream)
    {
        string result = await Outcome(() => s_calls[Name](stream, this));
        string position = await Outcome(() => Task.FromResult($"{stream.Position}"));
        return $"{result}, then at {position}";
    }

    private static async Task<string> Outcome(Func<Task<string>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception exception)
        {
            return exception.GetType().Name;
        }
    }

    private static Dictionary<string, Func<Stream, StreamOperation, Task<string>>> Accesses() => new()
    {
        ["Read span"] = Sync((stream, call) => Show(call.Buffer, buffer => stream.Read(buffer.AsSpan()))),
        ["Read array"] = Sync((stream, call) => Show(call.Buffer, buffer => stream.Read(buffer, 0, buffer.Length))),
        ["Read part of an array"] = Sync((stream, call) => Show(new byte[call.Count + 7], buffer => stream.Read(buffer, 3, call.Count))),
        ["ReadByte"] = Sync((stream, _) => $"{stream.ReadByte()}"),
        ["ReadAsync"] = async (stream, call) =>
        {
            byte[] buffer = call.Buffer;
            int count = await stream.ReadAsync(buffer.AsMemory(), TestContext.Current.CancellationToken);
            return Show(buffer, _ => count);
        },
        ["ReadAsync array"] = async (stream, call) =>
        {
            byte[] buffer = call.Buffer;
            int count = await stream.ReadAsync(buffer, 0, buffer.Length, TestContext.Current.CancellationToken);
            return Show(buffer, _ => count);
        },
        ["ReadExactly"] = Sync((stream, call) => Show(call.Buffer, buffer =>
        {
            stream.ReadExactly(buffer);
            return buffer.Length;
        })),
        ["Write span"] = Done((stream, call) => stream.Write(call.Filled.AsSpan())),
        ["Write array"] = Done((stream, call) => stream.Write(call.Filled, 0, call.Count)),
        ["WriteByte"] = Done((stream, call) => stream.WriteByte(call.Value)),
        ["WriteAsync"] = Awaited((stream, call) => stream.WriteAsync(call.Filled.AsMemory()).AsTask()),
        ["WriteAsync array"] = Awaited((stream, call) => stream.WriteAsync(call.Filled, 0, call.Count)),
    };

    private static Dictionary<string, Func<Stream, StreamOperation, Task<string>>> Others() => new()
    {
        ["Position"] = Done((stream, call) => stream.Position = call.Number),
        ["Seek begin"] = Sync((stream, call) => $"{stream.Seek(call.Number, SeekOrigin.Begin)}"),
        ["Seek current"] = Sync((stream, call) => $"{stream.Seek(call.Number, SeekOrigin.Current)}"),
        ["Seek end"] = Sync((stream, call) => $"{stream.Seek(call.Number, SeekOrigin.End)}"),
        ["Seek nowhere"] = Sync((stream, call) => $"{stream.Seek(call.Number, (SeekOrigin)3)}"),
        ["Seek far before"] = Sync((stream, call) => $"{stream.Seek(long.MinValue + call.Count, SeekOrigin.End)}"),
        ["CopyTo"] = Sync((stream, call) => Copied(to => stream.CopyTo(to))),
        ["CopyTo by bytes"] = Sync((stream, call) => Copied(to => stream.CopyTo(to, call.Count))),
        ["CopyToAsync"] = async (stream, _) =>
        {
            MemoryStream to = new();
            await stream.CopyToAsync(to);
            return Convert.ToHexString(to.ToArray());
        },
        ["Members"] = Sync((stream, _) => $"{stream.CanRead} {stream.CanSeek} {stream.CanWrite} {stream.CanTimeout} {stream.Length}"),
        ["Bad arguments"] = Sync((stream, _) => Thrown(
            () => stream.Read(null!, 0, 0),
            () => stream.Read(new byte[4], -1, 2),
            () => stream.Read(new byte[4], 3, 2),
            () => stream.Write(null!, 0, 0),
            () => stream.Write(new byte[4], 0, -1),
            () => stream.Write(new byte[4], 3, 2),
            () => stream.CopyTo(null!),
            () => stream.CopyTo(Stream.Null, 0),
            () => stream.ReadAsync(new byte[4], 3, 2),
            () => stream.WriteAsync(new byte[4], 3, 2))),
        ["Cancelled ReadAsync"] = Awaited((stream, call) => stream.ReadAsync(call.Buffer, s_cancelled).AsTask()),
        ["Cancelled ReadAsync array"] = Awaited((stream, call) => stream.ReadAsync(call.Buffer, 0, call.Count, s_cancelled)),
        ["Cancelled WriteAsync"] = Awaited((stream, call) => stream.WriteAsync(call.Filled, s_cancelled).AsTask()),
        ["Cancelled WriteAsync array"] = Awaited((stream, call) => stream.WriteAsync(call.Filled, 0, call.Count, s_cancelled)),
        ["Cancelled FlushAsync"] = Awaited((stream, call) => stream.FlushAsync(s_cancelled)),
        ["Cancelled CopyToAsync"] = Awaited((stream, call) => stream.CopyToAsync(Stream.Null, s_cancelled)),
    };

    private static string Show(byte[] buffer, Func<byte[], int> read)
    {
        int count = read(buffer);
        return $"{count} {Convert.ToHexString(buffer)}";
    }

    private static string Thrown(params Action[] calls) =>
        string.Join(' ', calls.Select(call => Record.Exception(call)?.GetType().Name));

    private static string Copied(Action<Stream> copy)
    {
        MemoryStream to = new();
        copy(to);
        return Convert.ToHexString(to.ToArray());
    }

    private static Func<Stream, StreamOperation, Task<string>> Sync(Func<Stream, StreamOperation, string> call) =>
        (stream, operation) => Task.FromResult(call(stream, operation));

    private static Func<Stream, StreamOperation, Task<string>> Done(Action<Stream, StreamOperation> call) => Sync((stream, operation) =>
    {
        call(stream, operation);
        return "done";
    });

    private static Func<Stream, StreamOperation, Task<string>> Awaited(Func<Stream, StreamOperation, Task> call) =>
        async (stream, operation) =>
        {
            await call(stream, operation);
            return "done";
        };
}
