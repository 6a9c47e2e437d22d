using Microsoft.Extensions.Logging;

namespace DirectMap.Telemetry;

/// <summary>Messages about files. Ids, names, levels and templates are API: docs/telemetry.md lists them. Ids 40 to 59.</summary>
internal static partial class FileMessages
{
    internal const string Category = "DirectMap.Files";

    [LoggerMessage(40, LogLevel.Debug, "{Path} was created with {Length} bytes")]
    internal static partial void FileCreated(ILogger logger, string path, long length);

    [LoggerMessage(41, LogLevel.Error, "{Path}, {Range}: bytes of the file did not reach its device: {Failure}")]
    internal static partial void WritebackFailed(ILogger logger, string path, FileRange range, string failure);

    [LoggerMessage(
        42,
        LogLevel.Information,
        "{Range} of {Path} was prepared in {Duration}: {Allocated} bytes allocated, {Converted} converted, {Unshared} unshared, "
            + "{Relocated} moved out of metadata")]
    internal static partial void Prepared(
        ILogger logger, FileRange range, string path, TimeSpan duration, long allocated, long converted, long unshared, long relocated);

    [LoggerMessage(43, LogLevel.Warning, "{Path} could not be prepared")]
    internal static partial void PrepareFailed(ILogger logger, Exception exception, string path);
}
