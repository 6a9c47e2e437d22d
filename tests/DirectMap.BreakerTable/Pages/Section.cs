using DirectMap.BreakerTable.Holding;
using DirectMap.BreakerTable.Rows;

namespace DirectMap.BreakerTable.Pages;

/// <summary>One table of the page: a file system, a level.</summary>
internal sealed class Section(string fileSystem, string level)
{
    internal const string Inotify = "Inotify";

    private const string Obstacle = "Not available";
    private const string EngineLine = "Engine: ";

    internal string FileSystem { get; } = fileSystem;

    internal string Level { get; } = level;

    /// <summary>By what the level is had.</summary>
    internal Sides Engine { get; set; }

    /// <summary>Why it cannot be had.</summary>
    internal Sides Unavailable { get; set; }

    /// <summary>The cells of each row, by its title.</summary>
    internal Dictionary<string, Sides[]> Rows { get; } = [];

    internal bool IsEmpty => Rows.Count == 0 && Unavailable == default;

    /// <summary>Whether others wait at this level.</summary>
    private bool IsHeld => Level is nameof(ProtectionLevel.NoWriters) or nameof(ProtectionLevel.Proved);

    /// <summary>The rows that are not made any more.</summary>
    internal IEnumerable<string> Unknown() => Rows.Keys.Except(AllRows.List.Select(row => row.Title));

    /// <summary>Takes a line of the page.</summary>
    internal void Take(string line)
    {
        if (line.StartsWith(EngineLine, StringComparison.Ordinal))
        {
            Engine = Sides.Parse(line[EngineLine.Length..]);
        }
        else if (line.StartsWith(Obstacle, StringComparison.Ordinal))
        {
            string reason = line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..];
            Unavailable = line.StartsWith($"{Obstacle} as root", StringComparison.Ordinal) ? Unavailable with { Root = reason }
                : line.StartsWith($"{Obstacle} without root", StringComparison.Ordinal) ? Unavailable with { User = reason }
                : new Sides(reason, reason);
        }
        else if (line.StartsWith("| ", StringComparison.Ordinal) && line[2..^2].Split(" | ") is [var title, _, .. var cells]
            && cells.Length == Columns.Names.Count && cells[0] != Columns.Names[0])
        {
            Rows[title] = [.. cells.Select(Sides.Parse)];
        }
    }

    internal void Set(Row row, bool isRoot, string[] cells)
    {
        Sides[] old = Rows.GetValueOrDefault(row.Title) ?? new Sides[cells.Length];
        Rows[row.Title] = [.. old.Zip(cells, (side, cell) => side.With(isRoot, cell))];
    }

    /// <summary>The page has no table for where fanotify is refused: all is the same, but that inotify tells of nobody.</summary>
    internal Section WithoutFanotify()
    {
        Sides inotify = new(Inotify, Inotify);
        Section other = new(FileSystem, Level) { Engine = Engine == default ? default : inotify, Unavailable = Unavailable };
        foreach ((string title, Sides[] cells) in Rows)
        {
            Sides who = cells[Columns.OfWhom];
            other.Rows[title] = [.. cells];
            other.Rows[title][Columns.OfWhom] = new Sides(WithoutFanotify(who.Root), WithoutFanotify(who.User));
        }

        return other;
    }

    /// <returns>What differs, column by column, or null.</returns>
    internal string? Difference(Row row, bool isRoot, string[] cells)
    {
        if (!Rows.TryGetValue(row.Title, out Sides[]? there))
        {
            return "the page has no such row";
        }

        string[] wrong =
        [
            .. cells.Select((cell, at) => (Cell: cell, Page: there[at][isRoot], Name: Columns.Names[at]))
                .Where(column => column.Cell != column.Page)
                .Select(column => $"{column.Name} is '{column.Cell}', and '{column.Page ?? "?"}' on the page")
        ];
        return wrong.Length == 0 ? null : string.Join("; ", wrong);
    }

    /// <summary>Whether the page says that it is told, or nothing.</summary>
    internal bool IsTold(Row row, bool isRoot) =>
        !Rows.TryGetValue(row.Title, out Sides[]? there) || there[Columns.Told][isRoot] is not Columns.No;

    internal IEnumerable<string> Lines()
    {
        yield return $"### {Level}";
        yield return "";
        foreach (string line in Unavailable.Root is null && Unavailable.User is null ? [] : Obstacles())
        {
            yield return line;
            yield return "";
        }

        if (Engine.Root is not null || Engine.User is not null)
        {
            yield return $"{EngineLine}{Text(Engine)}";
            yield return "";
        }

        Row[] rows = [.. AllRows.List.Where(row => Rows.ContainsKey(row.Title))];
        if (rows.Length > 0)
        {
            yield return $"| operation | what it is | {string.Join(" | ", Columns.Names)} |";
            yield return $"|{string.Concat(Enumerable.Repeat("---|", Columns.Names.Count + 2))}";
            foreach (Row row in rows)
            {
                string cells = string.Join(" | ", Rows[row.Title].Select(Text));
                yield return $"| {row.Title} | {row.Kind.ToString().ToLowerInvariant()} | {cells} |";
            }

            yield return "";
            yield return $"Changes that are made and {(IsHeld ? "do not wait" : "not told")}: {Unnoticed(rows)}.";
            yield return "";
        }
    }

    private static string? WithoutFanotify(string? who) => who is null or Columns.Nothing or Sighting.Library ? who : "not known";

    /// <summary>Where the level is root's alone, only what holds for root.</summary>
    private string Text(Sides sides) => (Unavailable.User is null ? sides : sides with { User = sides.Root }).ToString();

    private IEnumerable<string> Obstacles() => Unavailable switch
    {
        { Root: { } root, User: var user } when root == user => [$"{Obstacle}: {root}"],
        { Root: { } root, User: { } user } => [$"{Obstacle} as root: {root}", "", $"{Obstacle} without root: {user}"],
        { Root: { } root } => [$"{Obstacle} as root: {root}"],
        _ => [$"{Obstacle} without root: {Unavailable.User}"],
    };

    private string Unnoticed(Row[] rows)
    {
        string[] titles =
        [
            .. rows.Where(row => row.Kind != RowKind.Library
                && (IsUnnoticed(Rows[row.Title], isRoot: true) || IsUnnoticed(Rows[row.Title], isRoot: false))).Select(row => row.Title)
        ];
        return titles.Length == 0 ? "none" : string.Join("; ", titles);
    }

    private bool IsUnnoticed(Sides[] cells, bool isRoot) => cells[IsHeld ? Columns.Waits : Columns.Told][isRoot] == Columns.No
        && (cells[Columns.Bytes][isRoot] != Columns.Same || cells[Columns.Blocks][isRoot] != Columns.Same);
}
