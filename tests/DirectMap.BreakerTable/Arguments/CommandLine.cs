namespace DirectMap.BreakerTable.Arguments;

/// <summary>What was asked for.</summary>
internal sealed class CommandLine
{
    internal const string Usage = """
        DirectMap.BreakerTable DIRECTORY [--level LEVEL] [--without-fanotify] [--only NAME]...
                               [--page FILE | --write FILE] [--whole]
        DirectMap.BreakerTable --list

        Each row is an operation that another process, or this one, makes on a file while this process holds a guarded mapping of it.
          DIRECTORY     where the files are made: the table is that of its file system, and of root or not, as this process is
          --level       the level of protection that the mapping has: Watched (the default), NoWriters, Proved
          --without-fanotify  as where the kernel refuses it: the page has that in a sentence, and so it is only compared
          --only        only this row; may be given more than once
          --page FILE   compares each row with what the page says; docs/breakers.md if nothing is said
          --write FILE  puts the rows into the page instead
          --whole       a row that this machine cannot make is an error
          --list        the names of the rows
        Exit code: 0 as the page says, 1 something is not, 2 usage.
        """;

    private static readonly string s_page = System.IO.Path.Combine("docs", "breakers.md");

    internal string? Directory { get; private set; }

    internal ProtectionLevel Level { get; private set; } = ProtectionLevel.Watched;

    internal bool WithoutFanotify { get; private set; }

    internal HashSet<string> Only { get; } = [];

    internal string Page { get; private set; } = s_page;

    internal bool IsWrite { get; private set; }

    internal bool IsWhole { get; private set; }

    internal bool IsList { get; private set; }

    internal bool IsHelp { get; private set; }

    /// <exception cref="FormatException">It makes no sense.</exception>
    internal static CommandLine Parse(string[] args)
    {
        CommandLine line = new();
        Queue<string> words = new(args);
        while (words.TryDequeue(out string? word))
        {
            line.Take(word, words);
        }

        if (line.WithoutFanotify && line.IsWrite)
        {
            throw new FormatException("--write is for what can be had with fanotify");
        }

        return line.IsHelp || line.IsList || line.Directory is not null ? line : throw new FormatException("DIRECTORY is missing");
    }

    private void Take(string word, Queue<string> words)
    {
        switch (word)
        {
            case "--level":
                Level = Enum.TryParse(Next(words, word), out ProtectionLevel level) && level >= ProtectionLevel.Watched
                        && Enum.IsDefined(level)
                    ? level
                    : throw new FormatException("--level is Watched, NoWriters or Proved");
                break;
            case "--without-fanotify":
                WithoutFanotify = true;
                break;
            case "--only":
                Only.Add(Next(words, word));
                break;
            case "--page" or "--write" when Page == s_page:
                Page = Next(words, word);
                IsWrite = word == "--write";
                break;
            case "--whole":
                IsWhole = true;
                break;
            case "--list":
                IsList = true;
                break;
            case "--help" or "-h":
                IsHelp = true;
                break;
            case not ['-', ..] when Directory is null:
                Directory = System.IO.Path.GetFullPath(word);
                break;
            default:
                throw new FormatException($"'{word}' is not understood here");
        }
    }

    private static string Next(Queue<string> words, string option) =>
        words.TryDequeue(out string? word) ? word : throw new FormatException($"{option} needs a value");
}
