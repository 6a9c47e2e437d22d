using System.Globalization;

namespace DirectMap.Tool.Holders;

/// <summary>What /proc/PID/stat says.</summary>
/// <param name="Name">The process's name.</param>
/// <param name="State">R, S, ..., Z for one that has ended.</param>
/// <param name="Flags">PF_* of the kernel.</param>
/// <param name="Threads">How many there are.</param>
/// <param name="StartTime">In ticks since boot; it tells two processes of one number apart.</param>
internal sealed record ProcessStat(string Name, char State, ulong Flags, int Threads, ulong StartTime)
{
    private const ulong PF_KTHREAD = 0x200000;

    /// <summary>Whether it can have nothing: it has ended, threads and all, or is the kernel's own.</summary>
    internal bool HasNothing => (Flags & PF_KTHREAD) != 0 || (State is 'Z' or 'X' && Threads <= 1);

    /// <returns>Null for what cannot be read.</returns>
    internal static ProcessStat? Parse(string text)
    {
        // 4711 (name) S 1 ...: the name may have parentheses and spaces of its own.
        int open = text.IndexOf('(', StringComparison.Ordinal);
        int close = text.LastIndexOf(')');
        string[] words = close < 0 ? [] : text[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return open < 0 || words.Length < 20
            || !ulong.TryParse(words[6], NumberStyles.None, CultureInfo.InvariantCulture, out ulong flags)
            || !int.TryParse(words[17], NumberStyles.None, CultureInfo.InvariantCulture, out int threads)
            || !ulong.TryParse(words[19], NumberStyles.None, CultureInfo.InvariantCulture, out ulong startTime)
            ? null
            : new ProcessStat(text[(open + 1)..close], words[0][0], flags, threads, startTime);
    }
}
