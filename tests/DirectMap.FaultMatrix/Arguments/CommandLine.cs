using DirectMap.FaultMatrix.Causes;

namespace DirectMap.FaultMatrix.Arguments;

/// <summary>What was asked for.</summary>
internal sealed class CommandLine
{
    internal const string Usage = """
        DirectMap.FaultMatrix [--cause NAME] [--access NAME] [--bcl] [--without-native] [--markdown] [--page FILE]
        DirectMap.FaultMatrix --list
        DirectMap.FaultMatrix cell CAUSE ACCESS [--how Handler|Copies|Off|Bcl] [--folder FOLDER] [--device IMAGE-OR-NAME]

        Each cell is an access to a mapping under which something has happened, in a process of its own.
          --cause, --access  only these; may be given more than once
          --bcl              also what the scalar accesses do without containment, and with MemoryMappedViewAccessor
          --without-native   as if the native handler were missing
          --markdown         the table and its footnotes as docs/faults.md has them; the rest goes to standard error
          --page FILE        compares them with what the file has; not where a cause cannot be made
          --list             the names
        Where DIRECTMAP_TESTS_MUST_HAVE names what is missing (root, loop, ext4, xfs, btrfs, tmpfs, dm),
        a cell fails instead of being skipped.
        Exit code: 0 as promised, 1 something is not, 2 usage, 130 interrupted.
        """;

    internal List<Cause> Causes { get; } = [];

    internal List<Access> Accesses { get; } = [];

    internal bool IsCell { get; private set; }

    internal bool IsList { get; private set; }

    internal bool IsHelp { get; private set; }

    internal bool WithBcl { get; private set; }

    internal bool WithoutNative { get; private set; }

    internal bool Markdown { get; private set; }

    internal string? Page { get; private set; }

    internal How How { get; private set; }

    internal string? Folder { get; private set; }

    internal string? Device { get; private set; }

    /// <exception cref="FormatException">It makes no sense.</exception>
    internal static CommandLine Parse(string[] args)
    {
        CommandLine line = new();
        Queue<string> words = new(args);
        if (words.TryPeek(out string? first) && first == "cell")
        {
            words.Dequeue();
            line.IsCell = true;
            line.Causes.Add(CauseOf(Next(words, "cell")));
            line.Accesses.Add(AccessOf(Next(words, "cell")));
        }

        while (words.TryDequeue(out string? word))
        {
            switch (word)
            {
                case "--how" when line.IsCell:
                    line.How = Enum.TryParse(Next(words, word), out How how) && Enum.IsDefined(how)
                        ? how
                        : throw new FormatException("--how is Handler, Copies, Off or Bcl");
                    break;
                case "--folder" when line.IsCell:
                    line.Folder = Next(words, word);
                    break;
                case "--device" when line.IsCell:
                    line.Device = Next(words, word);
                    break;
                case "--cause" when !line.IsCell:
                    line.Causes.Add(CauseOf(Next(words, word)));
                    break;
                case "--access" when !line.IsCell:
                    line.Accesses.Add(AccessOf(Next(words, word)));
                    break;
                case "--list" when !line.IsCell:
                    line.IsList = true;
                    break;
                case "--bcl" when !line.IsCell:
                    line.WithBcl = true;
                    break;
                case "--without-native" when !line.IsCell:
                    line.WithoutNative = true;
                    break;
                case "--markdown" when !line.IsCell:
                    line.Markdown = true;
                    break;
                case "--page" when !line.IsCell:
                    line.Page = Next(words, word);
                    break;
                case "--help" or "-h":
                    line.IsHelp = true;
                    break;
                default:
                    throw new FormatException($"'{word}' is not understood");
            }
        }

        if (line is { IsCell: true, How: How.Bcl } && line.Accesses[0].Name is not ("scalar-read" or "scalar-write"))
        {
            throw new FormatException("with the BCL there are scalar-read and scalar-write");
        }

        if (line is { IsCell: true, Folder: null } && line.Causes[0].Ground is { } ground)
        {
            throw new FormatException($"this cause needs a folder of its own on {ground.Name} (--folder)");
        }

        return line;
    }

    private static string Next(Queue<string> words, string after) =>
        words.TryDequeue(out string? word) ? word : throw new FormatException($"something is missing after '{after}'");

    private static Cause CauseOf(string name) =>
        AllCauses.List.FirstOrDefault(cause => cause.Name == name) ?? throw new FormatException($"there is no cause '{name}' (--list)");

    private static Access AccessOf(string name) =>
        Access.All.FirstOrDefault(access => access.Name == name) ?? throw new FormatException($"there is no access '{name}' (--list)");
}
