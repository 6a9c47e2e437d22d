namespace DirectMap.Logs;

/// <summary>Records that follow each other.</summary>
/// <param name="From">Where the first one is.</param>
/// <param name="First">Its number.</param>
/// <param name="End">Where the last one ends.</param>
/// <param name="Next">The number after it.</param>
internal sealed record LogStretch(long From, long First, long End, long Next)
{
    /// <summary>
    /// A stretch follows one of so many before it, or the best one. Whole records in a wrong place are few, so there is no
    /// need to compare all with all.
    /// </summary>
    private const int MostSkipped = 64;

    /// <summary>Where others are looked for: behind the last one, or in the place of a last mark, which may not be its own.</summary>
    internal required long LookFrom { get; init; }

    /// <summary>Where those of the last life begin; 0 where none of a former life is among them.</summary>
    internal required long Young { get; init; }

    /// <summary>Whether they are records that the header does not know of: see <see cref="LogStrangers"/>.</summary>
    internal bool IsStrange { get; init; }

    /// <summary>What its marks tell of.</summary>
    internal required IReadOnlyList<PersistentLogGap> Gaps { get; init; }

    /// <summary>
    /// Those that can all be of one log, beginning with the first one: as many records as possible. What is in a wrong place, as after two
    /// sectors were swapped, would hide what is in its own.
    /// </summary>
    /// <param name="all">By their positions.</param>
    /// <param name="least">How much room a missing record had at least, in bytes.</param>
    /// <param name="proved">The last number that was durable; those up to it had room, too.</param>
    /// <param name="limit">The position that no record reached beyond.</param>
    internal static List<LogStretch> MostOf(List<LogStretch> all, long least, long proved, long limit)
    {
        long[] records = new long[all.Count];
        int[] before = new int[all.Count];
        records[0] = all[0].Next - all[0].First;
        int best = 0;
        for (int i = 1; i < all.Count; i++)
        {
            records[i] = -1;
            foreach (int j in Enumerable.Range(Math.Max(0, i - MostSkipped), Math.Min(i, MostSkipped)).Prepend(best))
            {
                if (records[j] >= 0 && all[i].CanFollow(all[j], least) && records[j] + all[i].Next - all[i].First > records[i])
                {
                    (records[i], before[i]) = (records[j] + all[i].Next - all[i].First, j);
                }
            }

            bool canBeLast = (proved + 1 - all[i].Next) * least <= limit - all[i].End;
            best = canBeLast && records[i] > records[best] ? i : best;
        }

        List<LogStretch> chosen = [];
        for (int i = best; i > 0; i = before[i])
        {
            chosen.Add(all[i]);
        }

        chosen.Add(all[0]);
        chosen.Reverse();
        return chosen;
    }

    /// <summary>At least one number lies between: a mark has one.</summary>
    private bool CanFollow(LogStretch former, long least) =>
        From >= former.End && First > former.Next && First - former.Next <= (From - former.End) / least;
}
