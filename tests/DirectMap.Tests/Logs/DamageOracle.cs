using System.Numerics;
using System.Runtime.InteropServices;

namespace DirectMap.Tests.Logs;

/// <summary>A record that was stored, or a mark where several were lost.</summary>
/// <param name="First">Its number.</param>
/// <param name="Count">How many numbers it has.</param>
/// <param name="Position">In the area, as a position that only grows.</param>
/// <param name="Length">In bytes, as its head says.</param>
/// <param name="Bytes">What was appended; null for a mark.</param>
internal sealed record LoggedItem(long First, long Count, long Position, int Length, byte[]? Bytes);

/// <summary>The state of a log's header, read by the format's description.</summary>
internal sealed record StoredHeader(
    long Generation, ulong Id, long Capacity, int Alignment, bool IsClosed, long Tail, long First, uint Life, long LifeStart,
    long Bound, long Origin);

/// <summary>What must be found in an image of a log.</summary>
/// <param name="Header">The newest whole state of the header; null for none.</param>
/// <param name="Last">The last number, lost or not.</param>
/// <param name="Lost">The numbers that were durable and are not there, also those that a mark tells of.</param>
/// <param name="IsDamaged">Whether any of them is not told of by a mark yet.</param>
/// <param name="HasStranger">Whether a later record stands where the first missing one was, which no crash leaves.</param>
internal sealed record DamageVerdict(StoredHeader? Header, long Last, SortedSet<long> Lost, bool IsDamaged, bool HasStranger);

/// <summary>
/// The rule of which records of a log are proved durable, computed from the words of an image and from what is known to have been stored
/// where. It shares nothing with the library: what is right is what both say.
/// </summary>
internal static class DamageOracle
{
    internal const int AreaWord = 3 * 4096 / 8;

    internal const int SlotWord = 4096 / 8;

    private const ulong Magic = 0x3230_474F_4C4D_4401;

    internal static DamageVerdict Judge(ulong[] image, IReadOnlyList<LoggedItem> items)
    {
        if (HeaderOf(image) is not { } header)
        {
            return new DamageVerdict(null, 0, [], true, false);
        }

        Dictionary<long, LoggedItem> whole = [];
        long proved = header.LifeStart - 1;
        foreach (LoggedItem item in items.Where(item => item.First >= header.First && IsWhole(image, header, item)))
        {
            whole.Add(item.First, item);
            ulong mark = image[WordOf(header, item.Position + 16)];
            if (item.Bytes is not null && (uint)(mark >> 32) == header.Life && (mark & 0xff_ffff) != 0xff_ffff)
            {
                proved = Math.Max(proved, item.First - 1 - (long)(mark & 0xff_ffff));
            }
        }

        SortedSet<long> lost = [];
        bool isDamaged = false;
        long next = header.First, missing = 0;
        while (true)
        {
            if (whole.TryGetValue(next, out LoggedItem? item))
            {
                for (long i = 0; i < (item.Bytes is null ? item.Count : 0); i++)
                {
                    lost.Add(next + i);
                }

                next += item.Count;
                continue;
            }

            missing = missing == 0 ? next : missing;
            if (next > proved)
            {
                break;
            }

            isDamaged = true;
            lost.Add(next++);
        }

        return new DamageVerdict(header, next - 1, lost, isDamaged, HasStranger(image, header, items, missing));
    }

    /// <summary>The newest of the two states.</summary>
    internal static StoredHeader? HeaderOf(ulong[] image) =>
        new[] { SlotOf(image, 0), SlotOf(image, 1) }.MaxBy(header => header?.Generation ?? -1);

    /// <summary>All that lies in an undamaged log, one behind the other.</summary>
    internal static List<LoggedItem> ItemsOf(ulong[] image, IReadOnlyDictionary<long, byte[]> records)
    {
        StoredHeader header = HeaderOf(image)!;
        List<LoggedItem> items = [];
        (long at, long next) = (header.Tail, header.First);
        while (at <= header.Tail + header.Capacity - 24)
        {
            int length = (int)(uint)image[WordOf(header, at)];
            bool isMark = ((image[WordOf(header, at + 16)] >> 24) & 0xff) == 1;
            long count = isMark && length >= 8 ? (long)image[WordOf(header, at + 24)] : 1;
            if (!isMark && !records.ContainsKey(next))
            {
                break;
            }

            LoggedItem item = new(next, count, at, length, isMark ? null : records[next]);
            if (!IsWhole(image, header, item))
            {
                break;
            }

            items.Add(item);
            (at, next) = (at + ((24 + length + header.Alignment - 1) / header.Alignment * header.Alignment), next + count);
        }

        return items;
    }

    internal static int WordOf(StoredHeader header, long position) =>
        AreaWord + (int)((position - header.Origin) % header.Capacity / 8);

    private static bool IsWhole(ulong[] image, StoredHeader header, LoggedItem item)
    {
        if (item.Position < header.Tail || item.Position + 24 + item.Length > header.Tail + header.Capacity)
        {
            return false;
        }

        (ulong commit, ulong sequence, ulong mark) =
            (image[WordOf(header, item.Position)], image[WordOf(header, item.Position + 8)], image[WordOf(header, item.Position + 16)]);
        uint life = (uint)(mark >> 32);
        bool isMark = ((mark >> 24) & 0xff) == 1;
        if ((uint)commit != item.Length || (long)sequence != item.First || isMark != item.Bytes is null || ((mark >> 24) & 0xff) > 1
            || (item.First < header.LifeStart ? life >= header.Life : life != header.Life))
        {
            return false;
        }

        byte[] bytes = BytesAt(image, header, item.Position + 24, isMark ? Math.Min(8, item.Length) : item.Length);
        bool isSame = isMark ? bytes.Length < 8 || BitConverter.ToInt64(bytes) == item.Count : bytes.AsSpan().SequenceEqual(item.Bytes);
        ulong place = (ulong)((item.Position - header.Origin) % header.Capacity);
        return isSame && (uint)(commit >> 32) == ChecksumOf([header.Id, place, sequence, mark, (ulong)item.Length], bytes);
    }

    private static byte[] BytesAt(ulong[] image, StoredHeader header, long position, int length)
    {
        byte[] bytes = new byte[length];
        ReadOnlySpan<byte> all = MemoryMarshal.AsBytes(image.AsSpan());
        long start = (position - header.Origin) % header.Capacity;
        int first = (int)Math.Min(length, header.Capacity - start);
        all.Slice((AreaWord * 8) + (int)start, first).CopyTo(bytes);
        all.Slice(AreaWord * 8, length - first).CopyTo(bytes.AsSpan(first));
        return bytes;
    }

    private static bool HasStranger(ulong[] image, StoredHeader header, IReadOnlyList<LoggedItem> items, long missing)
    {
        LoggedItem? before = items.LastOrDefault(item => item.First < missing && item.First + item.Count == missing);
        long at = before is null
            ? header.Tail
            : before.Position + ((24 + before.Length + header.Alignment - 1) / header.Alignment * header.Alignment);
        if (at > header.Tail + header.Capacity - 24)
        {
            return false;
        }

        (long sequence, uint life) = ((long)image[WordOf(header, at + 8)], (uint)(image[WordOf(header, at + 16)] >> 32));
        return sequence == missing ? life > header.Life : sequence > missing && life >= header.Life;
    }

    private static StoredHeader? SlotOf(ulong[] image, int slot)
    {
        ReadOnlySpan<ulong> words = image.AsSpan(slot * SlotWord, 16);
        return words[0] != Magic || words[15] != ChecksumOf(words[..15], [])
            ? null
            : new StoredHeader(
                (long)words[1], words[2], (long)words[3], (int)(uint)words[4], (words[4] >> 33 & 1) == 1, (long)words[5], (long)words[6],
                (uint)words[7], (long)words[8], (long)words[9], (long)words[10]);
    }

    private static uint ChecksumOf(ReadOnlySpan<ulong> words, ReadOnlySpan<byte> bytes)
    {
        uint register = uint.MaxValue;
        foreach (ulong word in words)
        {
            register = BitOperations.Crc32C(register, word);
        }

        int i = 0;
        for (; i + 8 <= bytes.Length; i += 8)
        {
            register = BitOperations.Crc32C(register, BitConverter.ToUInt64(bytes[i..]));
        }

        for (; i < bytes.Length; i++)
        {
            register = BitOperations.Crc32C(register, bytes[i]);
        }

        return ~register;
    }
}
