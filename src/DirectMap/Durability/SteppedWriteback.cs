using System.Diagnostics;
using DirectMap.Linux;

namespace DirectMap.Durability;

/// <summary>
/// Writes what is dirty in a large range before the sync that makes it durable, in steps, so that those who have to wait for what this one
/// was told (<see cref="SyncLedger"/>) wait for a step, and not for all of it. Invariants:
/// <list type="number">
/// <item>It makes nothing durable and decides nothing: the sync of the whole range follows, whatever was said here.</item>
/// <item>Each call that may be told of a failure lies within the caller's ticket, and the ticket is exchanged only when the call was told
/// of none. So a failure that was told here stays with a ticket that others wait for until the caller has ended with it. That holds for
/// every file system, and for what its calls return without noting it for others, too (a block that could not be allocated).</item>
/// <item>Beside others a piece is waited for with a description that nobody syncs with, where there is one. That takes no report away, so
/// nobody has to wait for it meanwhile; and what it is told counts for nothing, since the sync of the whole range is told the same.</item>
/// <item>While one piece is waited for the next one is being written, so the device does not come to rest in between.</item>
/// <item>What is clean costs little: a piece is twice as long as the one before when that was done at once, up to 64 MiB or the 128th
/// part of the range. It is small again after one that was not.</item>
/// <item>Pieces are a quarter as long while other syncs of the file were met in the last ones.</item>
/// </list>
/// </summary>
internal static class SteppedWriteback
{
    /// <summary>The shortest piece, in bytes: a millisecond or so of a fast disk's time.</summary>
    internal const long Piece = 4 << 20;

    /// <summary>The shortest piece beside other syncs, in bytes.</summary>
    internal const long PieceBesideOthers = 1 << 20;

    /// <summary>How many pieces are short when others were met.</summary>
    private const int PiecesBesideOthers = 32;

    /// <summary>The longest piece of a range of up to 8 GiB.</summary>
    private const long LongestPiece = 64 << 20;

    /// <summary>How many pieces there are at the most, about, of a larger range that is clean.</summary>
    private const long CleanPieces = 128;

    /// <summary>What takes less has written little: some microseconds for a piece that is clean.</summary>
    private static readonly TimeSpan s_atOnce = TimeSpan.FromMicroseconds(250);

    /// <summary>The same where somebody was met who has to.</summary>
    private static readonly TimeSpan s_longBesideOthers = TimeSpan.FromMicroseconds(500);

    /// <summary>What takes longer is more than others should wait for.</summary>
    private static readonly TimeSpan s_long = TimeSpan.FromMilliseconds(4);

    /// <summary>Whether a sync of so many bytes is made in steps: a shorter one is about a piece itself.</summary>
    internal static bool IsLarge(long length) => length > 2 * Piece;

    /// <summary>Writes a range, if it is large.</summary>
    /// <param name="file">The file.</param>
    /// <param name="range">Its bytes.</param>
    /// <param name="syncs">Where the caller's sync has begun.</param>
    /// <param name="slot">What it was given there.</param>
    /// <param name="time">Whose timestamps are taken.</param>
    /// <returns>What the sync has been told, which it has to report and does not hear again; 0 for nothing, also where the system does
    /// not write so.</returns>
    internal static int Run<T>(T file, FileRange range, SyncLedger syncs, int slot, TimeProvider time)
        where T : IWriteback
    {
        if (!IsLarge(range.Length))
        {
            return 0;
        }

        long longest = Math.Max(LongestPiece, range.Length / CleanPieces);
        long length = Piece;
        int beside = 0;
        FileRange begun = default;
        for (long at = range.Offset; at < range.End || begun.Length > 0;)
        {
            long began = time.GetTimestamp();
            FileRange next = new(at, Math.Min(length, range.End - at));
            int errno = next.Length > 0 ? file.TryBegin(next) : 0;
            if (errno != 0)
            {
                return IsAboutCall(errno) || errno == Errno.ENOMEM ? 0 : errno; // Without memory it is still dirty.
            }

            beside = syncs.Renew(slot) ? PiecesBesideOthers : Math.Max(0, beside - 1);
            errno = begun.Length > 0 ? Await(file, begun, syncs, slot, ref beside) : 0;
            if (errno != 0)
            {
                return IsAboutCall(errno) ? 0 : errno;
            }

            long shortest = beside > 0 ? PieceBesideOthers : Piece;
            (begun, at) = (next, next.End);
            Debug.Assert(next.Length <= longest && (next.Length > 0 || at == range.End), "5: a piece is too long, or empty");
            TimeSpan taken = time.GetElapsedTime(began);
            length = taken < s_atOnce ? Math.Min(2 * length, longest)
                : taken > (beside > 0 ? s_longBesideOthers : s_long) ? shortest
                : Math.Max(length, shortest);
        }

        return 0;
    }

    private static int Await<T>(T file, FileRange begun, SyncLedger syncs, int slot, ref int beside)
        where T : IWriteback
    {
        if (beside > 0)
        {
            syncs.Rest(slot);
            int apart = Errno.EBADF;
            try
            {
                apart = file.TryAwaitApart(begun);
            }
            finally
            {
                beside = syncs.Renew(slot) ? PiecesBesideOthers : beside;
            }

            if (!IsAboutCall(apart))
            {
                return 0;
            }
        }

        int errno = file.TryAwait(begun);
        if (errno == 0 && syncs.Renew(slot))
        {
            beside = PiecesBesideOthers;
        }

        return errno;
    }

    /// <summary>Whether there is no such call here, or it must not be made.</summary>
    private static bool IsAboutCall(int errno) =>
        errno is Errno.ENOSYS or Errno.EPERM or Errno.EINVAL or Errno.EBADF or Errno.ESPIPE or Errno.EINTR;
}
