namespace DirectMap.Tool.Terminal;

/// <summary>What an exception means for the exit code.</summary>
internal static class Failure
{
    /// <returns>Null for a defect of the tool, which deserves its stack trace.</returns>
    internal static int? CodeOf(Exception exception) => exception switch
    {
        UsageException => ExitCode.BadUsage,
        MapRefusedException => ExitCode.Refused,
        OperationCanceledException => ExitCode.Interrupted,
        IOException or UnauthorizedAccessException or NotSupportedException or OutOfMemoryException => ExitCode.FileError,
        _ => null,
    };
}
