using System.Globalization;
using System.Text;

namespace DirectMap.Tool.Terminal;

/// <summary>A path as a word that a shell takes as it is.</summary>
internal static class ShellWord
{
    internal static string Of(string path)
    {
        string word = path.StartsWith('-') ? "./" + path : path;
        if (word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "_./+:@%,=-".Contains(c, StringComparison.Ordinal)))
        {
            return word;
        }

        return Printable.IsUnsafe(word) ? Escaped(word) : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";
    }

    /// <summary>$'...', so that a line break in a name does not break the line.</summary>
    private static string Escaped(string word)
    {
        StringBuilder escaped = new("$'");
        foreach (byte b in Encoding.UTF8.GetBytes(word))
        {
            _ = b is < 0x20 or >= 0x7F or (byte)'\'' or (byte)'\\'
                ? escaped.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}")
                : escaped.Append((char)b);
        }

        return escaped.Append('\'').ToString();
    }
}
