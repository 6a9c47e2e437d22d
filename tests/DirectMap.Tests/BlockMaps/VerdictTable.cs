using DirectMap.FileSystems;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.BlockMaps;

/// <summary>
/// What mapping a file gets, for each state of a file, file system and access. Written out by hand from the rule and from what the
/// kernel does, not from what the library answers: a mapping is refused where an access could make the file system allocate,
/// convert or move blocks.
/// </summary>
internal static class VerdictTable
{
    private const string Table = """
        state             | ext4       | ext4 data=journal | ext4 inline_data | xfs reflink | xfs        | btrfs        | btrfs NOCOW | tmpfs                | overlay
        Written           | mapped     | mapped            | mapped           | mapped      | mapped     | moves        | mapped      | mapped               | mapped
        Hole              | hole       | hole              | hole             | hole        | hole       | moves        | hole        | hole filled by loads | hole unverified
        Unwritten         | unwritten  | unwritten         | unwritten        | unwritten   | unwritten  | moves        | unwritten   | hole filled by loads | hole unverified
        HalfWritten       | unwritten  | unwritten         | unwritten        | unwritten   | unwritten  | moves        | unwritten   | hole filled by loads | hole unverified
        Shared            | no reflink | no reflink        | no reflink       | shared      | no reflink | moves        | shared      | no reflink           | no reflink
        SharedInTheMiddle | no reflink | no reflink        | no reflink       | shared      | no reflink | moves        | shared      | no reflink           | no reflink
        Delayed           | mapped     | mapped            | mapped           | mapped      | mapped     | moves        | mapped      | mapped               | mapped
        Small             | mapped     | mapped            | inline           | mapped      | mapped     | moves unseen | mapped      | mapped               | mapped
        Fragmented        | mapped     | mapped            | mapped           | mapped      | mapped     | moves        | mapped      | no fragments         | no fragments
        WrittenBeyond4GiB | mapped     | mapped            | mapped           | mapped      | mapped     | moves        | mapped      | mapped               | mapped
        HoleBeyond4GiB    | hole       | hole              | hole             | hole        | hole       | moves        | hole        | hole filled by loads | hole unverified
        """;

    private static readonly Dictionary<string, Cell> s_words = new()
    {
        ["mapped"] = new(RefusalReason.None, RefusalReason.None),
        ["hole"] = new(RefusalReason.None, RefusalReason.Hole) { StoresChangeTheMap = true },
        ["unwritten"] = new(RefusalReason.None, RefusalReason.UnwrittenExtent) { StoresChangeTheMap = true },
        ["inline"] = new(RefusalReason.None, RefusalReason.InlineData) { StoresChangeTheMap = true },

        // Loads change nothing. They are refused since the blocks have another owner, whose stores and whose end are not
        // this file's business.
        ["shared"] = new(RefusalReason.SharedExtent, RefusalReason.SharedExtent) { StoresChangeTheMap = true },

        // Nor here. They are refused since anybody's store moves the blocks, and so does the file system itself when it balances.
        ["moves"] = new(RefusalReason.BlockMapMoves, RefusalReason.BlockMapMoves) { StoresChangeTheMap = true },

        // Inline data stays inline when it is written again. It moves with the metadata it lies in, which has no address in the block map.
        ["moves unseen"] = new(RefusalReason.BlockMapMoves, RefusalReason.BlockMapMoves),

        // tmpfs has no unwritten blocks: what was allocated and never written is a hole until the first fault, of a
        // load too, makes it data.
        ["hole filled by loads"] = new(RefusalReason.Hole, RefusalReason.Hole) { StoresChangeTheMap = true, LoadsChangeTheMap = true },

        // The same tmpfs lies below, and a load fills its holes; but that is not seen through an overlay, whose regions say that nobody
        // vouches for their block maps (Unverified).
        ["hole unverified"] = new(RefusalReason.None, RefusalReason.Hole) { StoresChangeTheMap = true, LoadsChangeTheMap = true },

        ["no reflink"] = Cell.Impossible(
            "ext4 and tmpfs have no reflink, this XFS was made without it, and overlayfs passes it on to tmpfs"),
        ["no fragments"] = Cell.Impossible("there are no extents in memory, so no fragments"),
    };

    private static readonly string[][] s_lines = [.. Table.Split('\n').Select(line => line.Split('|', StringSplitOptions.TrimEntries))];
    private static readonly Dictionary<FileState, Cell[]> s_rows = s_lines.Skip(1)
        .ToDictionary(line => Enum.Parse<FileState>(line[0]), line => line.Skip(1).Select(word => s_words[word]).ToArray());

    /// <summary>File system, state, access, verdict.</summary>
    public static TheoryData<string, FileState, MappingAccess, RefusalReason> Verdicts
    {
        get
        {
            TheoryData<string, FileState, MappingAccess, RefusalReason> verdicts = [];
            foreach ((string fileSystem, FileState state, Cell cell) in Cells(possible: true))
            {
                verdicts.Add(fileSystem, state, MappingAccess.Read, cell.Read);
                verdicts.Add(fileSystem, state, MappingAccess.ReadWrite, cell.Write);
            }

            return verdicts;
        }
    }

    /// <summary>File system, state, access, and whether such an access changes the block map.</summary>
    public static TheoryData<string, FileState, MappingAccess, bool> Effects
    {
        get
        {
            TheoryData<string, FileState, MappingAccess, bool> effects = [];
            foreach ((string fileSystem, FileState state, Cell cell) in Cells(possible: true))
            {
                effects.Add(fileSystem, state, MappingAccess.Read, cell.LoadsChangeTheMap);
                effects.Add(fileSystem, state, MappingAccess.ReadWrite, cell.StoresChangeTheMap);
            }

            return effects;
        }
    }

    /// <summary>File system and state.</summary>
    public static TheoryData<string, FileState> Possible
    {
        get
        {
            TheoryData<string, FileState> possible = [];
            foreach ((string fileSystem, FileState state, _) in Cells(possible: true))
            {
                possible.Add(fileSystem, state);
            }

            return possible;
        }
    }

    /// <summary>File system, state, and why there is no such thing.</summary>
    public static TheoryData<string, FileState, string> Impossible
    {
        get
        {
            TheoryData<string, FileState, string> impossible = [];
            foreach ((string fileSystem, FileState state, Cell cell) in Cells(possible: false))
            {
                impossible.Add(fileSystem, state, cell.WhyImpossible!);
            }

            return impossible;
        }
    }

    internal static IEnumerable<string> FileSystems => s_lines[0].Skip(1);

    internal static IEnumerable<(FileState State, Cell[] Row)> Rows => s_rows.Select(row => (row.Key, row.Value));

    private static IEnumerable<(string FileSystem, FileState State, Cell Cell)> Cells(bool possible)
    {
        foreach ((FileState state, Cell[] row) in s_rows)
        {
            foreach ((string fileSystem, Cell cell) in RealFileSystems.All.Zip(row))
            {
                if (cell.WhyImpossible is null == possible)
                {
                    yield return (fileSystem, state, cell);
                }
            }
        }
    }

    /// <param name="Read">The verdict on a mapping for reading.</param>
    /// <param name="Write">The verdict on a mapping for reading and writing.</param>
    internal sealed record Cell(RefusalReason Read, RefusalReason Write)
    {
        internal bool LoadsChangeTheMap { get; init; }

        internal bool StoresChangeTheMap { get; init; }

        internal string? WhyImpossible { get; private init; }

        internal static Cell Impossible(string why) => new(RefusalReason.None, RefusalReason.None) { WhyImpossible = why };
    }
}
