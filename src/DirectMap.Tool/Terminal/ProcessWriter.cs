using System.Text;

namespace DirectMap.Tool.Terminal;

/// <summary>One of the process's standard streams, which may be closed or full.</summary>
/// <param name="open">Gives the stream's writer; fails, too, where the stream is closed.</param>
/// <param name="fail">Is told why nothing can be written.</param>
internal sealed class ProcessWriter(Func<TextWriter> open, Action<Exception> fail) : TextWriter
{
    public override Encoding Encoding { get; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Where it fails the command fails.</summary>
    internal static ProcessWriter Output(Func<TextWriter> open) =>
        new(
            open,
            exception => throw new IOException(
                $"write to standard output: {(exception.InnerException ?? exception).Message}",
                (exception.InnerException ?? exception).HResult));

    /// <summary>Where it fails there is nobody to be told.</summary>
    internal static ProcessWriter Error(Func<TextWriter> open) => new(open, _ => { });

    public override void Write(char value) => Try(writer => writer.Write(value));

    public override void Write(string? value) => Try(writer => writer.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(writer => writer.Write(buffer, index, count));

    public override void WriteLine() => Try(writer => writer.WriteLine());

    public override void WriteLine(string? value) => Try(writer => writer.WriteLine(value));

    public override void Flush() => Try(writer => writer.Flush());

    private void Try(Action<TextWriter> write)
    {
        try
        {
            write(open());
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException or NotSupportedException)
        {
            fail(exception);
        }
    }
}
