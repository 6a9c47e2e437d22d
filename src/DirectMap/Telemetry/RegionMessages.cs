using Microsoft.Extensions.Logging;

namespace DirectMap.Telemetry;

/// <summary>Messages about regions. Ids, names, levels and templates are API: docs/telemetry.md lists them. Ids 20 to 39.</summary>
internal static partial class RegionMessages
{
    internal const string Category = "DirectMap.Regions";

    [LoggerMessage(20, LogLevel.Debug, "{Range} of {Path} was mapped ({Access}, direct: {IsDirect}, emulated: {IsEmulated})")]
    internal static partial void RegionMapped(
        ILogger logger, FileRange range, string path, MappingAccess access, bool isDirect, bool isEmulated);

    [LoggerMessage(21, LogLevel.Debug, "The region over {Range} of {Path} was released")]
    internal static partial void RegionReleased(ILogger logger, FileRange range, string path);

    [LoggerMessage(22, LogLevel.Information, "Mapping {Range} of {Path} was refused ({Reason}): {Detail}")]
    internal static partial void MapRefused(ILogger logger, FileRange range, string path, RefusalReason reason, string detail);

    [LoggerMessage(
        23,
        LogLevel.Warning,
        "{Access} of {Range} of {Path} failed ({Cause}): {Detail}. Further faults of this cause in this region are counted and not logged")]
    internal static partial void Fault(ILogger logger, FaultAccess access, FileRange range, string path, FaultCause cause, string detail);

    [LoggerMessage(
        24, LogLevel.Error, "The region over {Range} of {Path} was disposed, but still reaches the file; its lease stays in force")]
    internal static partial void PagesNotReplaced(ILogger logger, Exception exception, FileRange range, string path);
}
