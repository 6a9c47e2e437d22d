using System.Globalization;
using System.Text;

namespace DirectMap.Tool.Rendering;

/// <summary>Text that stays on its line and cannot steer a terminal: names of files may hold anything.</summary>
internal static class Printable
{
    internal static string Text(string text)
    {
        if (!text.Any(char.IsControl))
        {
            return text;
        }

        StringBuilder printable = new();
        foreach (char c in text)
        {
            _ = char.IsControl(c) ? printable.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}") : printable.Append(c);
        }

        return printable.ToString();
    }
}
