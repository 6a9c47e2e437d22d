using System.Globalization;

namespace DirectMap.Tool.Terminal;

/// <summary>Sizes as people write them: 64MiB and 64M are 64 x 1024 x 1024 bytes, 64MB are 64 million, as for dd and truncate.</summary>
internal static class ByteSize
{
    private const string Units = "KMGTPE";

    /// <returns>Null when it is right, otherwise what is wrong.</returns>
    internal static string? TryParse(string text, out long bytes)
    {
        bytes = 0;
        int digits = text.TakeWhile(char.IsAsciiDigit).Count();
        if (digits == 0 || FactorOf(text[digits..].ToUpperInvariant()) is not { } factor)
        {
            return $"'{text}' is not a size: a whole number, and K, M, G, T, P or E (or KiB, MiB, ...; KB, MB, ... are powers of 1000)";
        }

        if (!UInt128.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out UInt128 count)
            || count > long.MaxValue || count * factor > long.MaxValue)
        {
            return $"'{text}' is more than {long.MaxValue} bytes, the largest offset of a file";
        }

        bytes = (long)(count * factor);
        return null;
    }

    /// <summary>In the largest unit that leaves a whole part, with one decimal where it is not whole.</summary>
    internal static string Format(long bytes)
    {
        int unit = -1;
        decimal value = bytes;
        while (value >= 1024 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        string number = value.ToString(decimal.IsInteger(value) ? "0" : "0.0", CultureInfo.InvariantCulture);
        return unit < 0 ? $"{number} B" : $"{number} {Units[unit]}iB";
    }

    private static UInt128? FactorOf(string suffix)
    {
        if (suffix is "" or "B")
        {
            return 1;
        }

        int unit = Units.IndexOf(suffix[0], StringComparison.Ordinal);
        uint? step = suffix[1..] switch
        {
            "" or "IB" => 1024,
            "B" => 1000,
            _ => null,
        };
        if (unit < 0 || step is null)
        {
            return null;
        }

        UInt128 factor = 1;
        for (int i = 0; i <= unit; i++)
        {
            factor *= step.Value;
        }

        return factor;
    }
}
