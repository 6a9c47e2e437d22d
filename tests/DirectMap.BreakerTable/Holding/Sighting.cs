using System.Diagnostics;
using DirectMap.BreakerTable.Others;
using DirectMap.BreakerTable.Rows;

namespace DirectMap.BreakerTable.Holding;

/// <summary>What was seen of one operation while the file was held. All times are timestamps of Stopwatch.</summary>
/// <param name="Deed">What became of it.</param>
/// <param name="Told">What the holder was told, or null.</param>
/// <param name="Held">Until when it was held up by the holder; 0 where it was not.</param>
/// <param name="Released">When the holder had let go; 0 where it has not.</param>
internal sealed record Sighting(Deed Deed, Told? Told, long Held, long Released)
{
    /// <summary>Of a break by somebody of this process who has asked.</summary>
    internal const string Library = "through the library";

    /// <summary>What the page promises: to be told, and to go on.</summary>
    internal static readonly TimeSpan Promised = TimeSpan.FromMilliseconds(50);

    /// <summary>Whether the holder had to let go, so that nothing can be said of its region after that.</summary>
    internal bool IsHeldUp => Released != 0;

    /// <summary>From the begin of an operation that asks first, and from the end of one that does not.</summary>
    internal TimeSpan? Delay => Told is null ? null : After(Told.Break is null ? Deed.End : Deed.Begin, Told.Timestamp);

    internal string IsTold => Delay is not { } delay ? Columns.No : InTime(delay);

    internal string Waits => IsHeldUp && (Deed.IsEndless || Deed.End > Held) ? Columns.Yes : Columns.No;

    internal string AtRelease => Deed.IsEndless ? Columns.No : InTime(After(Released, Deed.End));

    internal string OfWhom => Told switch
    {
        { Break: { } leaseBreak } => Who(leaseBreak),
        { Trespass: { } trespass } => Who(trespass),
        _ => Columns.Nothing,
    };

    /// <param name="breakTime">How long the holder, which has done nothing, had for it.</param>
    internal string AtDeadline(TimeSpan breakTime) =>
        Told?.Break is null ? "not told"
        : Deed.IsEndless ? Columns.No
        : After(Deed.Begin, Deed.End) < breakTime ? "early"
        : InTime(After(Told.Timestamp, Deed.End) - breakTime);

    private static TimeSpan After(long begin, long end) => Stopwatch.GetElapsedTime(Math.Min(begin, end), end);

    private static string InTime(TimeSpan delay) => delay <= Promised ? Columns.Yes : Columns.Late;

    private string Who(LeaseBreak leaseBreak)
    {
        if (leaseBreak.Process is not { } who)
        {
            return Library;
        }

        string process = who.ProcessId != Deed.ProcessId ? "a wrong pid, "
            : who.ProcessId == Environment.ProcessId ? "this process, "
            : who.Command == Deed.Command ? "its pid, "
            : "its pid, another command, ";
        return process + (who.SystemCall ?? "?");
    }

    private string Who(Trespass trespass) => trespass.Origin switch
    {
        TrespassOrigin.ThisProcess => "this process",
        TrespassOrigin.OtherProcess when trespass.ProcessId is not { } id => "another process",
        TrespassOrigin.OtherProcess when trespass.ProcessId == Deed.ProcessId => "its pid",
        TrespassOrigin.OtherProcess => "a wrong pid",
        _ => "not known",
    };
}
