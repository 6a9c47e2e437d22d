namespace DirectMap.Telemetry;

/// <summary>
/// Tags of measurements and activities, and their values: as stable as the event ids. No value is made of a path or a number, so
/// there are few series.
/// </summary>
internal static class TagNames
{
    internal const string Configuration = "directmap.configuration";
    internal const string Operation = "directmap.operation";
    internal const string Outcome = "directmap.outcome";
    internal const string Cause = "directmap.cause";
    internal const string Origin = "directmap.origin";
    internal const string Level = "directmap.level";

    /// <summary>OpenTelemetry's; its value is the exception's type. Where it is missing, nothing failed.</summary>
    internal const string ErrorType = "error.type";

    /// <summary>Of enumeration values that the library does not define: a coordinator takes them from its user.</summary>
    private const string Other = "other";

    internal static string Of(LayoutOperation operation) => operation switch
    {
        LayoutOperation.Write => "write",
        LayoutOperation.Allocate => "allocate",
        LayoutOperation.PunchHole => "punch_hole",
        LayoutOperation.SetLength => "set_length",
        LayoutOperation.CollapseRange => "collapse_range",
        LayoutOperation.InsertRange => "insert_range",
        LayoutOperation.BreakLayout => "break_layout",
        LayoutOperation.ZeroRange => "zero_range",
        LayoutOperation.UnshareRange => "unshare_range",
        LayoutOperation.CloneRange => "clone_range",
        LayoutOperation.CopyRange => "copy_range",
        LayoutOperation.DedupeRange => "dedupe_range",
        LayoutOperation.Prepare => "prepare",
        LayoutOperation.WriteFault => "write_fault",
        LayoutOperation.MapWritable => "map_writable",
        LayoutOperation.Unidentified => "unidentified",
        _ => Other,
    };

    internal static string Of(FaultCause cause) => cause switch
    {
        FaultCause.Revoked => "revoked",
        FaultCause.BeyondEndOfFile => "beyond_end_of_file",
        FaultCause.Refused => "refused",
        FaultCause.LayoutLeased => "layout_leased",
        FaultCause.NoSpace => "no_space",
        FaultCause.BadBlock => "bad_block",
        FaultCause.Trespass => "trespass",
        FaultCause.ProtectionLost => "protection_lost",
        FaultCause.Unknown => "unknown",
        _ => Other,
    };

    internal static string Of(TrespassOrigin origin) => origin switch
    {
        TrespassOrigin.ThisProcess => "this_process",
        TrespassOrigin.OtherProcess => "other_process",
        TrespassOrigin.Unknown => "unknown",
        _ => Other,
    };

    internal static string Of(ProtectionLevel level) => level switch
    {
        ProtectionLevel.None => "none",
        ProtectionLevel.ThisProcess => "this_process",
        ProtectionLevel.Watched => "watched",
        ProtectionLevel.NoWriters => "no_writers",
        ProtectionLevel.Proved => "proved",
        _ => Other,
    };

    internal static string TypeOf(Exception failure) => failure.GetType().FullName ?? failure.GetType().Name;

    /// <summary>How a breaker's wait ended; null for well.</summary>
    internal static string OutcomeOf(Exception? failure) => failure switch
    {
        null => "granted",
        LeaseConflictException { Conflict: LeaseConflict.WouldBlock } => "would_block",
        LeaseConflictException { Conflict: LeaseConflict.RevocationFailed } => "failed",
        LeaseConflictException => "conflict",
        TimeoutException => "timed_out",
        OperationCanceledException or ThreadInterruptedException => "cancelled",
        _ => "failed",
    };
}
