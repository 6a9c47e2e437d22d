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
            static item => item.Origin.ReportNow(item.Kind, item.Subject, item.Break),
            (Origin: this, Kind: kind, Subject: subject, Break: leaseBreak),
            preferLocal: false);

    private void ReportNow(DiagnosticKind kind, string subject, LeaseBreak? leaseBreak)
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

    /// <summary>
    /// The innermost frame that is not the library's. A user's coordinator that passes on to the library's has frames between it and the
    /// library's code that asked, and is passed over: it has taken nothing for itself.
    /// </summary>
    private string Culprit()
    {
        StackFrame? culprit = null;
        DiagnosticMethodInfo? method = null;
        bool isInCoordinator = true;
        (StackFrame? Frame, DiagnosticMethodInfo? Method) passedOver = default;
        foreach (StackFrame frame in _stack.GetFrames())
        {
            // The frames that have a method know its type even in a trimmed program.
            if (DiagnosticMethodInfo.Create(frame) is not { } called || IsSystems(called))
            {
                continue;
            }

            if (!IsOurs(called))
            {
                (culprit, method) = culprit is null ? (frame, called) : (culprit, method);
            }
            else if (culprit is not null && (!isInCoordinator || RunsCallbacks(called)))
            {
                break;
            }
            else if (culprit is null)
            {
                isInCoordinator &= IsOfCoordinator(called);
            }
            else
            {
                // What came before is a wrapper.
                (culprit, method, isInCoordinator, passedOver) = (null, null, false, (culprit, method));
            }
        }

        (culprit, method) = culprit is null ? passedOver : (culprit, method); // Better a wrapper than nobody.
        if (culprit is null || method is null)
        {
            return "an unknown method";
        }

        string place = culprit.GetFileName() is { } file
            ? string.Create(CultureInfo.InvariantCulture, $" in {file}:line {culprit.GetFileLineNumber()}")
            : "";
        return $"{method.DeclaringTypeName}.{method.Name}{place}";
    }

    private static bool IsSystems(DiagnosticMethodInfo method) => method.DeclaringTypeName.StartsWith("System.", StringComparison.Ordinal);

    private static bool IsOfCoordinator(DiagnosticMethodInfo method) =>
        IsOf(method, "DirectMap.LeaseCoordinator") || IsOf(method, "DirectMap.Leases.") || IsOf(method, "DirectMap.Diagnostics.");

    /// <summary>Whoever is called by these is called for itself.</summary>
    private static bool RunsCallbacks(DiagnosticMethodInfo method) =>
        IsOf(method, "DirectMap.Threading.") || IsOf(method, "DirectMap.Leases.");

    private static bool IsOf(DiagnosticMethodInfo method, string type) =>
        method.DeclaringTypeName.StartsWith(type, StringComparison.Ordinal);

    private static bool IsOurs(DiagnosticMethodInfo method) =>
        method.DeclaringAssemblyName.StartsWith("DirectMap,", StringComparison.Ordinal)
        || method.DeclaringAssemblyName.StartsWith("DirectMap.Abstractions,", StringComparison.Ordinal);
}
