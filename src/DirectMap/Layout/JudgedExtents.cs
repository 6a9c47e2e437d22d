using DirectMap.Inodes;
using DirectMap.Mapping;

namespace DirectMap.Layout;

/// <summary>The extents of a file that is mapped, together with the policy that says which of them the mapping may meet.</summary>
/// <param name="facts">Of the mapping.</param>
/// <param name="file">The file.</param>
/// <param name="judge">Whose policy and block map.</param>
internal sealed class JudgedExtents(RegionFacts facts, OpenedFile file, ExtentJudge judge)
{
    internal RegionFacts Facts { get; } = facts;

    internal OpenedFile File { get; } = file;

    /// <summary>Where they come from.</summary>
    internal IBlockMap Map => judge.BlockMap ?? File.BlockMap;

    /// <summary>Whether the file itself has them; otherwise a block map of the user's says so.</summary>
    internal bool AreOfFile => judge.BlockMap is null;

    internal PolicyDecision Evaluate(in Extent extent, MappingAccess access) =>
        judge.Policy.EvaluateExtent(Facts.Storage.File, extent, access);
}
