using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using DirectMap.Tool.Linux;

namespace DirectMap.Tool.Holders;

/// <summary>The kinds of locks that /proc/locks lists.</summary>
internal enum LockKind
{
    /// <summary>flock(2); it belongs to an open file description.</summary>
    Flock = 0,

    /// <summary>fcntl(2) F_SETLK; it belongs to a process.</summary>
    Record = 1,

    /// <summary>fcntl(2) F_OFD_SETLK; it belongs to an open file description.</summary>
    OpenFileDescription = 2,

    /// <summary>fcntl(2) F_SETLEASE.</summary>
    Lease = 3,

    /// <summary>A file server's lease, or F_SETDELEG.</summary>
    Delegation = 4,

    Other = 5,
}

/// <summary>Whether a lock is in force.</summary>
internal enum LockState
{
    Held = 0,

    /// <summary>Somebody waits for it.</summary>
    Waiting = 1,

    /// <summary>A lease that its holder has been asked to give up.</summary>
    Breaking = 2,
}

/// <summary>What a lock is for.</summary>
internal enum LockAccess
{
    Read = 0,
    Write = 1,

    /// <summary>Of a lease that is being broken: nothing will be left of it.</summary>
    None = 2,
}

/// <summary>A line of /proc/locks, or of what fdinfo says of locks.</summary>
internal sealed record FileLock
{
    internal required LockKind Kind { get; init; }

    /// <summary>Of a lease that is being broken it is what will be left.</summary>
    internal required LockAccess Access { get; init; }

    internal required LockState State { get; init; }

    /// <summary>Who took it, and may have handed it on since; null where it belongs to a description (F_OFD_SETLK).</summary>
    internal int? ProcessId { get; init; }

    /// <summary>The first byte.</summary>
    internal long Start { get; init; }

    /// <summary>The last byte; null for the end of all files.</summary>
    internal long? End { get; init; }

    /// <summary>Reads one line, such as "1: POSIX  ADVISORY  WRITE 708 08:01:4711 0 EOF".</summary>
    /// <param name="line">The line; after its number there may be "->".</param>
    /// <param name="found">What it says.</param>
    /// <param name="numbers">Which file it is on; none where the kernel does not say.</param>
    /// <param name="isWaiting">Whether it waits for what the lines before it say.</param>
    /// <returns>False for what is no such line.</returns>
    internal static bool TryParse(string line, [NotNullWhen(true)] out FileLock? found, out InodeNumbers numbers, out bool isWaiting)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        isWaiting = words is [_, "->", ..];
        words = words[Math.Min(words.Length, isWaiting ? 2 : 1)..];
        numbers = default;
        found = null;
        if (words is not [var kind, var mode, var access, var process, var file, var start, var end])
        {
            return false;
        }

        int colon = file.LastIndexOf(':');
        if (colon > 0)
        {
            _ = InodeNumbers.TryParse(file.AsSpan(0, colon), file.AsSpan(colon + 1), out numbers);
        }

        found = new FileLock
        {
            Kind = KindOf(kind),
            Access = access switch
            {
                "READ" => LockAccess.Read,
                "WRITE" => LockAccess.Write,
                _ => LockAccess.None,
            },
            State = isWaiting || mode == "BREAKER" ? LockState.Waiting : mode == "BREAKING" ? LockState.Breaking : LockState.Held,
            ProcessId = int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : null,
            Start = Number(start) ?? 0,
            End = Number(end),
        };
        return true;
    }

    private static LockKind KindOf(string word) => word switch
    {
        "FLOCK" => LockKind.Flock,
        "POSIX" => LockKind.Record,
        "OFDLCK" => LockKind.OpenFileDescription,
        "LEASE" => LockKind.Lease,
        "DELEG" => LockKind.Delegation,
        _ => LockKind.Other,
    };

    private static long? Number(string word) =>
        long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
}
