using System.Text.Json;
using DirectMap.Tool.Inspection;

namespace DirectMap.Tool.Rendering;

/// <summary>One object a file, on a line of its own. The names are part of the tool's contract (docs/tool.md).</summary>
internal static class JsonReport
{
    internal static void Write(TextWriter output, FileReport report) =>
        output.WriteLine(JsonSerializer.Serialize(Of(report), JsonContext.Default.FileJson));

    private static FileJson Of(FileReport report) => new(
        report.Path,
        report.Length,
        report.Blocks.Allocated,
        report.Backing.FileSystem,
        Words.Name(report.Backing.Stability),
        report.Backing.IsDax,
        Words.Names(report.Backing.Attributes),
        report.Durability is { } durability ? Words.Name(durability.Value) : null,
        Enum.GetValues<BlockKind>().ToDictionary(Words.Name, report.Blocks.BytesOf),
        report.Blocks.Fragments,
        VerdictMode.All.ToDictionary(mode => mode.Name, mode =>
            new VerdictPairJson(Of(report.VerdictOn(mode, MappingAccess.Read)), Of(report.VerdictOn(mode, MappingAccess.ReadWrite)))));

    private static VerdictJson Of(Verdict verdict) => new(Words.Name(verdict.Result), verdict.Reason, verdict.Detail, verdict.Command);
}
