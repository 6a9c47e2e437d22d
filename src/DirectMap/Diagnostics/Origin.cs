using System.Diagnostics;
using System.Globalization;
using DirectMap.Threading;

namespace DirectMap.Diagnostics;

/// <summary>
/// Where and when something was taken, and whom to tell of its misuse. Exists in diagnostic mode only: everywhere else it is null.
/// </summary>
internal sealed class Origin
{
    private readonly Action<DiagnosticFinding> _report;
    private readonly Action<Exception> _failed;
    private readonly StackTrace _stack = new(skipFrames: 1, fNeedFileInfo: true);

    internal Origin(Action<DiagnosticFinding> report, Action<Exception> failed, DateTimeOffset takenAt)
    {
        _report = report;
        _failed = failed;
        TakenAt = takenAt;
    }

    /// <summary>In a coordinator's diagnostic mode, where the caller's caller comes from; otherwise null.</summary>
    internal static Origin? Of(ILeaseCoordinator coordinator) => coordinator.Diagnostics is { } report
        ? new Origin(report, coordinator.ReportCallbackFailure, coordinator.TimeProvider.GetUtcNow())
        : null;

    internal DateTimeOffset TakenAt { get; }

    /// <summary>
    /// That the lease is held past its break is reported once, however often its revocation is tried. Written under its table's gate.
    /// </summary>
    internal bool IsHeldPastBreak { get; set; }

    internal string StackTrace => _stack.ToString();

    /// <summary>Tells on a pool thread: whoever finds something is a breaker, a finalizer or a hot path.</summary>
    internal void Report(DiagnosticKind kind, string subject, LeaseBreak? leaseBreak = null) =>
        ThreadPool.UnsafeQueueUserWorkItem(
            static item => item.Origin.Deliver(item.Kind, item.Subject, item.Break),
            (Origin: this, Kind: kind, Subject: subject, Break: leaseBreak),
            preferLocal: false);

    private void Deliver(DiagnosticKind kind, string subject, LeaseBreak? leaseBreak)
    {
        try
        {
            _report(new DiagnosticFinding
            {
                Kind = kind,
                Subject = subject,
                TakenAt = TakenAt,
                Culprit = Culprit(),
                StackTrace = StackTrace,
                Break = leaseBreak,
            });
        }
        catch (Exception exception)
        {
            UserCode.Report(exception, _failed);
        }
    }

    private string Culprit()
    {
        foreach (StackFrame frame in _stack.GetFrames())
        {
            // The frames that have a method know its type even in a trimmed program.
            DiagnosticMethodInfo? method = DiagnosticMethodInfo.Create(frame);
            if (method is null || IsOurs(method) || method.DeclaringTypeName.StartsWith("System.", StringComparison.Ordinal))
            {
                continue;
            }

            string place = frame.GetFileName() is { } file
                ? string.Create(CultureInfo.InvariantCulture, $" in {file}:line {frame.GetFileLineNumber()}")
                : "";
            return $"{method.DeclaringTypeName}.{method.Name}{place}";
        }

        return "an unknown method";
    }

    private static bool IsOurs(DiagnosticMethodInfo method) =>
        method.DeclaringAssemblyName.StartsWith("DirectMap,", StringComparison.Ordinal)
        || method.DeclaringAssemblyName.StartsWith("DirectMap.Abstractions,", StringComparison.Ordinal);
}
