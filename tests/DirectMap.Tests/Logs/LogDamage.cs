using System.Runtime.InteropServices;

namespace DirectMap.Tests.Logs;

/// <summary>What happens to the bytes of a log: one change of an image.</summary>
/// <param name="What">For messages.</param>
/// <param name="Apply">Makes it.</param>
/// <param name="Moves">Whether whole records may be somewhere else afterwards, or former ones be back.</param>
internal sealed record LogDamage(string What, Action<ulong[]> Apply, bool Moves = false)
{
    private const int WordsOfSector = 512 / 8;
    private const int WordsOfPage = 4096 / 8;

    /// <summary>A change at random: of the header's fields, of a record, or anywhere.</summary>
    internal static LogDamage At(LogHistory history, Random random)
    {
        int word = random.Next(8) switch
        {
            0 or 1 => (random.Next(2) * DamageOracle.SlotWord) + random.Next(16),
            2 => random.Next(history.Image.Length),
            _ => WordOfItem(history, random),
        };
        return random.Next(9) switch
        {
            0 or 1 => Bit(word, random.Next(64)),
            2 => new LogDamage($"word {word} changed", Xor(word, (ulong)random.NextInt64())),
            3 => Zeros(word, 1),
            4 => Zeros(word / WordsOfSector * WordsOfSector, WordsOfSector),
            5 => Zeros(word / WordsOfPage * WordsOfPage, WordsOfPage),
            6 => Zeros(word, 1 + random.Next(2000)),
            7 => Old(word, history, random),
            _ => Swap(word, history, random),
        };
    }

    /// <summary>A change of one slot of the header.</summary>
    internal static LogDamage OfSlot(int slot, Random random)
    {
        int word = (slot * DamageOracle.SlotWord) + random.Next(16);
        return random.Next(4) switch
        {
            0 => Bit(word, random.Next(64)),
            1 => Zeros(word, 1),
            2 => Zeros(slot * DamageOracle.SlotWord, WordsOfSector),
            _ => Zeros(slot * DamageOracle.SlotWord, WordsOfPage),
        };
    }

    internal static LogDamage Bit(int word, int bit) => new($"bit {bit} of word {word} flipped", Xor(word, 1UL << bit));

    internal static LogDamage Zeros(int word, int count) =>
        new($"{count} words of zeros from {word} on", image => image.AsSpan(word, Math.Min(count, image.Length - word)).Clear());

    private static int WordOfItem(LogHistory history, Random random)
    {
        if (history.Items.Count == 0)
        {
            return random.Next(history.Image.Length);
        }

        // Those at both ends have rules of their own.
        int index = random.Next(6) switch
        {
            0 => history.Items.Count - 1,
            1 => Math.Max(0, history.Items.Count - 1 - random.Next(4)),
            2 => 0,
            _ => random.Next(history.Items.Count),
        };
        LoggedItem item = history.Items[index];
        int words = (24 + item.Length + 7) / 8;
        int inItem = random.Next(4) == 0 ? random.Next(words) : random.Next(3);
        return DamageOracle.WordOf(history.Header, item.Position + (inItem * 8));
    }

    private static Action<ulong[]> Xor(int word, ulong mask) => image => image[word] ^= mask;

    private static LogDamage Old(int word, LogHistory history, Random random)
    {
        int unit = random.Next(3) switch { 0 => 8, 1 => WordsOfSector, _ => WordsOfPage };
        int from = word / unit * unit;
        ulong[] former = history.Snapshots[random.Next(history.Snapshots.Count)][from..(from + unit)];
        return new LogDamage($"{unit} former words at {from}", image => former.CopyTo(image, from), Moves: true);
    }

    private static LogDamage Swap(int word, LogHistory history, Random random)
    {
        int unit = random.Next(2) == 0 ? WordsOfSector : WordsOfPage;
        int first = word / unit * unit;
        int second = random.Next(2) == 0 ? WordOfItem(history, random) / unit * unit : random.Next(history.Image.Length / unit) * unit;
        void Apply(ulong[] image)
        {
            ulong[] one = image[first..(first + unit)];
            image.AsSpan(second, unit).CopyTo(image.AsSpan(first));
            one.CopyTo(image, second);
        }

        return new LogDamage($"{unit} words at {first} and {second} swapped", Apply, Moves: true);
    }
}
