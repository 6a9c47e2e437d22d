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

    [LoggerMessage(
        44,
        LogLevel.Warning,
        "{Path} was changed without asking ({Origin}, process {ProcessId} {ProcessName}, noticed by {Engine}){Detail}; {Unlogged} more "
            + "since the last such message, of which there is one a second for each file")]
    internal static partial void Trespassed(
        ILogger logger,
        string path,
        TrespassOrigin origin,
        int? processId,
        string? processName,
        ProtectionEngine engine,
        string? detail,
        int unlogged);

    [LoggerMessage(45, LogLevel.Warning, "{Path} is protected at level {Level} only from now, and not at {Before}: {Reason}")]
    internal static partial void ProtectionLost(
        ILogger logger, string path, ProtectionLevel level, ProtectionLevel before, string reason);

    [LoggerMessage(46, LogLevel.Debug, "{Path} is protected at level {Level} from now, and not at {Before}: {Reason}")]
    internal static partial void ProtectionGained(
        ILogger logger, string path, ProtectionLevel level, ProtectionLevel before, string reason);
}
