using System.Text.Json;
using DirectMap.Tool.Inspection;

namespace DirectMap.Tool.Rendering;

/// <summary>What the facts are called; the same in each form of output.</summary>
internal static class Words
{
    internal static string Name(BlockKind kind) => kind switch
    {
        BlockKind.BadBlock => "badBlock",
        _ => Lower(kind.ToString()),
    };

    internal static string Name(BlockMapStability stability) => Lower(stability.ToString());

    internal static string Name(VerdictResult result) => Lower(result.ToString());

    internal static string Name(MappingAccess access) => access == MappingAccess.Read ? "reading" : "writing";

    internal static string Name(DurabilityKind kind) => Lower(kind.ToString());

    /// <summary>The attributes' names; empty for none.</summary>
    internal static string[] Names(InodeAttributes attributes) =>
        [.. Enum.GetValues<InodeAttributes>().Where(attribute => attribute != InodeAttributes.None && attributes.HasFlag(attribute))
            .Select(attribute => Lower(attribute.ToString()))];

    /// <summary>One sentence for people.</summary>
    internal static string Headline(Verdict verdict)
    {
        string how = $"for {Name(verdict.Access)} ({verdict.Mode.Title})";
        return verdict.Result switch
        {
            VerdictResult.Mappable when verdict.Mode == VerdictMode.DirectOrEmulated =>
                $"can be mapped {how}{(verdict.IsDax ? ", on persistent memory" : ", as emulated persistent memory")}",
            VerdictResult.Mappable => $"can be mapped {how}",
            VerdictResult.NotTried => $"not tried {how}: {verdict.Reason}",
            VerdictResult.NotPermitted => $"not permitted {how}: {verdict.Reason}",
            _ => $"cannot be mapped {how}: {verdict.Reason}",
        };
    }

    /// <summary>A name of JSON's as a key of plain output.</summary>
    internal static string Key(string name) => JsonNamingPolicy.KebabCaseLower.ConvertName(name);

    private static string Lower(string name) => char.ToLowerInvariant(name[0]) + name[1..];
}
