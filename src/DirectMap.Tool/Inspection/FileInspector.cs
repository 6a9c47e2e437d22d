using DirectMap.Tool.Terminal;

namespace DirectMap.Tool.Inspection;

/// <summary>Finds out what is to be known of a file, without changing it.</summary>
internal static class FileInspector
{
    private const string WhyNotTried = "to open it for writing might copy it up from a lower layer; --copy-up does it all the same";

    /// <param name="path">Which file.</param>
    /// <param name="cells">How fine the picture of the blocks may be.</param>
    /// <param name="copyUp">Whether it is opened for writing also where that copies it to another layer.</param>
    /// <param name="cancellationToken">Ends it between two extents.</param>
    /// <exception cref="IOException">It cannot be opened or looked at; others as from <see cref="DirectFile.Open"/>.</exception>
    internal static FileReport Inspect(string path, int cells, bool copyUp, CancellationToken cancellationToken)
    {
        using DirectFile file = DirectFile.Open(path, new DirectFileOptions { Access = FileAccess.Read });
        FileFacts backing = BackingProbe.Of(file);
        long length = file.Length;
        BlockSummary blocks = BlockTally.Of(file, backing, length, cells, cancellationToken);
        return new FileReport
        {
            Path = path,
            Length = length,
            Backing = backing,
            Blocks = blocks,
            Durability = DurabilityOf(file),
            Verdicts = [.. ForReading(file, path, backing, blocks), .. ForWriting(path, backing, blocks, copyUp)],
        };
    }

    private static IEnumerable<Verdict> ForReading(DirectFile file, string path, FileFacts backing, BlockSummary blocks) =>
        VerdictMode.All.Select(mode => Trial.Of(file, path, mode, MappingAccess.Read, backing, blocks));

    private static Verdict[] ForWriting(string path, FileFacts backing, BlockSummary blocks, bool copyUp)
    {
        if (backing.FileSystem == "overlay" && !copyUp)
        {
            return [.. VerdictMode.All.Select(mode => new Verdict
            {
                Mode = mode,
                Access = MappingAccess.ReadWrite,
                Result = VerdictResult.NotTried,
                Reason = "CopyUp",
                Detail = WhyNotTried,
                Command = $"directmap inspect --copy-up {ShellWord.Of(path)}",
            })];
        }

        try
        {
            using DirectFile file = DirectFile.Open(path);
            return [.. VerdictMode.All.Select(mode => Trial.Of(file, path, mode, MappingAccess.ReadWrite, backing, blocks))];
        }
        catch (Exception exception) when (Failure.CodeOf(exception) == ExitCode.FileError)
        {
            return [.. VerdictMode.All.Select(mode => Trial.Failed(exception, path, mode, MappingAccess.ReadWrite, backing))];
        }
    }

    /// <summary>An ordinary mapping for reading says it, too, and needs neither a lease nor blocks.</summary>
    private static Stated<DurabilityKind>? DurabilityOf(DirectFile file)
    {
        try
        {
            using MappedRegion region = file.Map(MapOptions.Ordinary with { Access = MappingAccess.Read });
            return region.Facts.Durability;
        }
        catch (Exception exception) when (Failure.CodeOf(exception) is ExitCode.FileError or ExitCode.Refused)
        {
            return null; // Empty, or cannot be mapped at all.
        }
    }
}
