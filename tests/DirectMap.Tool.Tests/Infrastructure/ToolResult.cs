using System.Text.RegularExpressions;
using DirectMap.Tool.Rendering;

namespace DirectMap.Tool.Tests.Infrastructure;

/// <summary>What a run of the tool left.</summary>
internal sealed partial record ToolResult(int Code, string Output, string Error)
{
    /// <summary>The output as one sees it on a terminal.</summary>
    internal string Seen => Control().Replace(Output, "");

    internal string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The value of a fact in plain output.</summary>
    internal string Fact(string name) => Lines.Single(line => line.StartsWith(name + ": ", StringComparison.Ordinal))[(name.Length + 2)..];

    /// <summary>How far the work was, on standard error.</summary>
    internal string[] Progress => [.. Error.Split('\n').Where(line => line.StartsWith("progress: ", StringComparison.Ordinal))];

    /// <summary>The one line that says what went wrong.</summary>
    internal string ErrorLine
    {
        get
        {
            string line = Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Except(Progress));
            Assert.StartsWith("directmap: ", line, StringComparison.Ordinal);
            return line;
        }
    }

    [GeneratedRegex("\u001b(\\[[0-9;?]*[a-zA-Z]|[=>])")]
    private static partial Regex Control();
}
