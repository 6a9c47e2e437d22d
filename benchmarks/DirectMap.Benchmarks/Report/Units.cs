using System.Globalization;

namespace DirectMap.Benchmarks.Report;

/// <summary>Numbers as the page shows them.</summary>
internal static class Units
{
    /// <summary>Three digits, and the unit that leaves one before the point.</summary>
    internal static string Time(double nanoseconds) => nanoseconds switch
    {
        < 1e3 => $"{Digits(nanoseconds)} ns",
        < 1e6 => $"{Digits(nanoseconds / 1e3)} us",
        _ => $"{Digits(nanoseconds / 1e6)} ms",
    };

    internal static string Ratio(double ratio) =>
        ratio.ToString(ratio < 10 ? "0.00" : ratio < 100 ? "0.0" : "0", CultureInfo.InvariantCulture);

    internal static string Percent(double part) =>
        double.IsNaN(part) ? "?" : part.ToString(part < 0.1 ? "0.0 %" : "0 %", CultureInfo.InvariantCulture);

    private static string Digits(double value) =>
        value.ToString(value < 10 ? "0.##" : value < 100 ? "0.#" : "0", CultureInfo.InvariantCulture);
}
