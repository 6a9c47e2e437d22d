using DirectMap.Tool.Terminal;

namespace DirectMap.Tool.Rendering;

/// <summary>What goes wrong is one line on standard error.</summary>
internal static class ErrorLine
{
    internal static void Write(ToolConsole console, string message) => console.Error.WriteLine($"directmap: {Printable.Text(message)}");

    internal static void Write(ToolConsole console, Exception exception, string? path = null)
    {
        string? errno = ErrnoName.Of(exception);
        bool isSaid = errno is null || exception.Message.Contains(errno, StringComparison.Ordinal);
        Write(console, $"{(path is null ? "" : $"'{path}': ")}{exception.Message}{(isSaid ? "" : $" ({errno})")}");
    }
}
