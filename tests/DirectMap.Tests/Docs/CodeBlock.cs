namespace DirectMap.Tests.Docs;

/// <param name="Kind">What stands behind the opening fence: <c>csharp</c>, <c>sh</c>, <c>text output</c>, ...</param>
/// <param name="Place">Page and line, for messages.</param>
/// <param name="Text">What is between the fences.</param>
internal sealed record CodeBlock(string Kind, string Place, string Text)
{
    /// <summary>C#, of which every line is compiled and run.</summary>
    internal const string CSharp = "csharp";

    /// <summary>Commands for a shell.</summary>
    internal const string Shell = "sh";

    /// <summary>What the block before it prints.</summary>
    internal const string Output = "text output";

    /// <summary>Nothing that a program prints.</summary>
    internal const string Picture = "text picture";

    /// <summary>Its lines without indentation and empty ones.</summary>
    internal string[] Lines => Trim(Text.Split('\n'));

    internal static string[] Trim(IEnumerable<string> lines) => [.. lines.Select(line => line.Trim()).Where(line => line.Length > 0)];
}
