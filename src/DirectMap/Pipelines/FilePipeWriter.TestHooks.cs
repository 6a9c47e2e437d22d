namespace DirectMap.Pipelines;

/// <content>For tests only: how far the answer to a break is.</content>
internal sealed partial class FilePipeWriter
{
    /// <summary>As <see cref="Create"/>, with something that happens when the file is mapped and nobody has the writer.</summary>
    internal static FilePipeWriter CreateWith(Action<MappedRegion> mapped, DirectFile file, MapOptions map)
    {
        Making making = new(map);
        MappedRegion region = Map(file, making.Map);
        mapped(region);
        return making.Finish(file, region, 0, new RegionWriterOptions());
    }

    /// <summary>Whether a break has been answered by a copy, or by letting go.</summary>
    internal bool HasHeardOfBreak
    {
        get
        {
            using (_gate.Enter())
            {
                return _copy is not null || _window is null;
            }
        }
    }
}
