using System.Globalization;
using System.Text;

namespace DirectMap.Tool.Terminal;

/// <summary>Text that stays on its line, reads in its order and cannot steer a terminal: names of files may hold anything.</summary>
internal static class Printable
{
    internal static string Text(string text)
    {
        if (!IsUnsafe(text))
        {
            return text;
        }

        StringBuilder printable = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            _ = !IsUnsafe(rune) ? printable.Append(rune.ToString())
                : rune.Value < 0x100 ? printable.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}")
                : rune.IsBmp ? printable.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}")
                : printable.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}");
        }

        return printable.ToString();
    }

    /// <summary>Whether something in it acts instead of being shown.</summary>
    internal static bool IsUnsafe(string text) => text.EnumerateRunes().Any(IsUnsafe);

    private static bool IsUnsafe(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator;
}
