using DirectMap.Tool.Terminal;

namespace DirectMap.Tool.Inspection;

/// <summary>Asks the library, by trying.</summary>
internal static class Trial
{
    /// <summary>Maps the file and lets it go at once; nothing of it changes.</summary>
    /// <param name="file">Open for what the access needs.</param>
    /// <param name="path">As it was given, for the command that would help.</param>
    /// <param name="mode">How.</param>
    /// <param name="access">What for.</param>
    /// <param name="backing">What is known of the file.</param>
    /// <param name="blocks">Its block map; null to read it where it is needed.</param>
    /// <param name="range">What to map; null for the whole file.</param>
    internal static Verdict Of(
        DirectFile file,
        string path,
        VerdictMode mode,
        MappingAccess access,
        FileFacts backing,
        BlockSummary? blocks = null,
        FileRange? range = null)
    {
        MapOptions options = mode.Options with
        {
            Access = access,
            Range = range switch
            {
                null => FileRange.Whole,
                { Length: 0 } none => FileRange.From(none.Offset),
                { } some => some
            }
        };
        try
        {
            MapProbe probe = file.Probe(options);
            return probe.Refusal switch
            {
                null => new Verdict { Mode = mode, Access = access, Result = VerdictResult.Mappable, IsDax = backing.IsDax },
                MapRefusedException refused => new Verdict
                {
                    Mode = mode,
                    Access = access,
                    Result = VerdictResult.Refused,
                    Reason = refused.Reason.ToString(),
                    Detail = ToolTerms.Of(refused.Detail),
                    Command = Remedy.For(refused.Reason, path, file.Length, backing, () =>
                        blocks ?? BlockTally.Of(file, backing, file.Length, cells: 1, CancellationToken.None)),
                },
                { } failure => Failed(failure, path, mode, access, backing),
            };
        }
        catch (Exception exception) when (Failure.CodeOf(exception) == ExitCode.FileError)
        {
            // There is no memory for it.
            return Failed(exception, path, mode, access, backing);
        }
    }

    /// <summary>The verdict where the file, or a mapping of it, could not be had.</summary>
    internal static Verdict Failed(Exception exception, string path, VerdictMode mode, MappingAccess access, in FileFacts backing) =>
        new()
        {
            Mode = mode,
            Access = access,
            Result = exception is UnauthorizedAccessException ? VerdictResult.NotPermitted : VerdictResult.Failed,
            Reason = ErrnoName.Of(exception) ?? "unknown",
            Detail = ToolTerms.Of(exception.Message),
            Command = access == MappingAccess.Read ? null : Remedy.ForAttributes(path, backing),
        };
}
