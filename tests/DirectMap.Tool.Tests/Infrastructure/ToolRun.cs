using System.Text.Json;
using DirectMap.Tool.Commands;
using DirectMap.Tool.Terminal;
using Spectre.Console;

namespace DirectMap.Tool.Tests.Infrastructure;

/// <summary>The tool's entry point, run in this process.</summary>
internal static class ToolRun
{
    /// <summary>As a script runs it: the output is redirected.</summary>
    internal static Task<ToolResult> RunAsync(params string[] args) =>
        RunAsync(new ToolConsole { Out = TextWriter.Null, Error = TextWriter.Null }, args);

    /// <summary>As a person runs it.</summary>
    internal static Task<ToolResult> OnTerminalAsync(int width, bool hasColor, params string[] args) =>
        RunAsync(
            new ToolConsole
            {
                Out = TextWriter.Null,
                Error = TextWriter.Null,
                IsTerminal = true,
                HasColor = hasColor,
                ColorSystem = ColorSystemSupport.TrueColor,
                Width = width
            },
            args);

    /// <summary>What <c>inspect --json</c> says of one file.</summary>
    internal static async Task<JsonElement> JsonOfAsync(string path, params string[] more)
    {
        ToolResult result = await RunAsync(["inspect", "--json", path, .. more]);
        return JsonDocument.Parse(Assert.Single(result.Lines)).RootElement;
    }

    internal static async Task<ToolResult> RunAsync(ToolConsole console, string[] args, CancellationToken cancellationToken = default)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int code = await DirectMapTool.RunAsync(
            args, console with { Out = TextWriter.Synchronized(output), Error = error }, cancellationToken);
        return new ToolResult(code, output.ToString(), error.ToString());
    }
}
