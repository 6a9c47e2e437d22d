using Microsoft.Extensions.Logging;

namespace DirectMap.Telemetry;

/// <summary>
/// Messages about leases and breaks. Ids, names, levels and templates are API: docs/telemetry.md lists them. Ids 1 to 19.
/// </summary>
internal static partial class LeaseMessages
{
    internal const string Category = "DirectMap.Leases";

    [LoggerMessage(
        1, LogLevel.Information, "{Operation} of {Range} by {Breaker} breaks {LeaseCount} leases on file {File}; deadline: {Deadline}")]
    internal static partial void BreakBegan(
        ILogger logger, LayoutOperation operation, FileRange range, string breaker, int leaseCount, FileId file, object deadline);

    [LoggerMessage(2, LogLevel.Debug, "{Holder} let go of {Range} of file {File} {Held} after {Operation} by {Breaker} broke its lease")]
    internal static partial void HolderLetGo(
        ILogger logger, string holder, FileRange range, FileId file, TimeSpan? held, LayoutOperation operation, string breaker);

    [LoggerMessage(
        3,
        LogLevel.Warning,
        "The lease of {Holder} on {Range} of file {File} was revoked: it was not released in time for {Operation} by {Breaker}")]
    internal static partial void LeaseRevoked(
        ILogger logger, string holder, FileRange range, FileId file, LayoutOperation operation, string breaker);

    [LoggerMessage(
        4,
        LogLevel.Error,
        "The lease of {Holder} on {Range} of file {File} could not be revoked for {Operation} by {Breaker}, and stays in force; "
            + "the next breaker tries again")]
    internal static partial void RevocationFailed(
        ILogger logger, Exception exception, string holder, FileRange range, FileId file, LayoutOperation operation, string breaker);

    [LoggerMessage(5, LogLevel.Debug, "{Operation} of {Range} of file {File} by {Breaker} goes on after a wait of {Waited}")]
    internal static partial void BreakerGranted(
        ILogger logger, LayoutOperation operation, FileRange range, FileId file, string breaker, TimeSpan? waited);

    [LoggerMessage(
        6,
        LogLevel.Information,
        "{Operation} of {Range} of file {File} by {Breaker} gave up after a wait of {Waited} ({Outcome}); the break goes on")]
    internal static partial void BreakerGaveUp(
        ILogger logger, LayoutOperation operation, FileRange range, FileId file, string breaker, TimeSpan? waited, string outcome);

    [LoggerMessage(7, LogLevel.Debug, "{Operation} of {Range} of file {File} by {Breaker} was refused ({Outcome}): {Reason}")]
    internal static partial void BreakerRefused(
        ILogger logger, LayoutOperation operation, FileRange range, FileId file, string breaker, string outcome, string reason);

    [LoggerMessage(8, LogLevel.Error, "A callback of the user's threw")]
    internal static partial void CallbackFailed(ILogger logger, Exception exception);
}
