using System.Globalization;

namespace DirectMap.Benchmarks.Targets;

/// <summary>One line of what the command prints: a target, and what was measured.</summary>
/// <param name="Case">What was measured.</param>
/// <param name="Target">What it has to be.</param>
/// <param name="Figure">What it is.</param>
/// <param name="Verdict">Whether that is enough.</param>
internal sealed record Line(string Case, string Target, string Figure, Verdict Verdict)
{
    /// <summary>At most so many times the peer's time.</summary>
    internal static Line AtMost(string @case, double limit, Comparison figure, string? more = null) =>
        new(
            @case,
            Text($"<= {limit:0.00}x"),
            Figures(figure, figure.Ratio, more),
            figure.Ratio <= limit ? Verdict.Holds : Verdict.FallsShort);

    /// <summary>At least so many times faster than the peer.</summary>
    internal static Line Faster(string @case, double limit, Comparison figure, string? more = null) =>
        new(
            @case,
            Text($">= {limit:0.00}x faster"),
            Figures(figure, 1 / figure.Ratio, more),
            1 / figure.Ratio >= limit ? Verdict.Holds : Verdict.FallsShort);

    /// <summary>A number that has no peer.</summary>
    internal static Line AtMost(string @case, string unit, double limit, double figure) =>
        new(@case, Text($"<= {limit:0.##} {unit}"), Text($"{figure:0.##} {unit}"), figure <= limit ? Verdict.Holds : Verdict.FallsShort);

    /// <summary>A share that has to be reached.</summary>
    internal static Line AtLeast(string @case, double limit, double figure) =>
        new(@case, Text($">= {limit:0.00}x"), Text($"{figure:0.00}x"), figure >= limit ? Verdict.Holds : Verdict.FallsShort);

    /// <summary>What has no target.</summary>
    internal static Line Reported(string @case, Comparison figure) =>
        new(@case, "reported", Figures(figure, figure.Ratio, null), Verdict.Holds);

    /// <summary>For which something is missing here.</summary>
    internal static Line NotMeasured(string @case, string why) => new(@case, "", why, Verdict.NotMeasured);

    private static string Figures(Comparison figure, double ratio, string? more) =>
        Text($"{ratio:0.00}x ({Time(figure.Measured)} to {Time(figure.Peer)}{(more is null ? "" : "; " + more)})");

    internal static string Time(double nanoseconds) => nanoseconds < 1000 ? Text($"{nanoseconds:0.00} ns")
        : nanoseconds < 1e6 ? Text($"{nanoseconds / 1e3:0.00} us")
        : Text($"{nanoseconds / 1e6:0.00} ms");

    internal static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Whether a target is reached.</summary>
internal enum Verdict
{
    /// <summary>It is.</summary>
    Holds,

    /// <summary>It is not.</summary>
    FallsShort,

    /// <summary>Nobody knows, here.</summary>
    NotMeasured,
}
