using DirectMap.BreakerTable.Rows;

namespace DirectMap.BreakerTable.Pages;

/// <summary>docs/breakers.md: a head that is written by hand, then a table for each file system and level.</summary>
internal sealed class BreakerPage
{
    private readonly List<string> _head = [];
    private readonly List<Section> _sections = [];

    internal static BreakerPage Read(string path)
    {
        BreakerPage page = new();
        string? fileSystem = null;
        Section? section = null;
        foreach (string line in File.Exists(path) ? File.ReadLines(path) : [])
        {
            if (line.StartsWith("## ", StringComparison.Ordinal) && Ground.FileSystems.Contains(line[3..]))
            {
                fileSystem = line[3..];
                section = null;
            }
            else if (fileSystem is null)
            {
                page._head.Add(line);
            }
            else if (line.StartsWith("### ", StringComparison.Ordinal))
            {
                section = page.Of(fileSystem, line[4..]);
            }
            else
            {
                section?.Take(line);
            }
        }

        return page;
    }

    /// <summary>The table, which is empty where the page has none.</summary>
    internal Section Of(string fileSystem, string level)
    {
        Section? there = _sections.Find(section => section.FileSystem == fileSystem && section.Level == level);
        if (there is null)
        {
            there = new Section(fileSystem, level);
            _sections.Add(there);
        }

        return there;
    }

    internal void Write(string path)
    {
        List<string> lines = [.. string.Join('\n', _head).TrimEnd('\n').Split('\n'), ""];
        foreach (string fileSystem in Ground.FileSystems.Where(name => _sections.Exists(section => section.FileSystem == name)))
        {
            lines.AddRange([$"## {fileSystem}", ""]);
            lines.AddRange(_sections.Where(section => section.FileSystem == fileSystem)
                .OrderBy(section => Enum.Parse<ProtectionLevel>(section.Level)).SelectMany(section => section.Lines()));
        }

        File.WriteAllText(path, string.Join('\n', lines).TrimEnd('\n') + "\n");
    }
}
