using System.Reflection;

namespace DirectMap.Tests.Architecture;

/// <summary>
/// The rooms and the arrows that are allowed between them. The picture in docs/architecture.md is the table: the page is built into this
/// assembly and read here, so it cannot say anything else than what is tested.
/// </summary>
internal static class RoomTable
{
    internal const string Abstractions = "Abstractions";

    private const string Begin = "room                 uses";

    /// <summary>In the page's order: the highest layer first.</summary>
    internal static IReadOnlyList<Room> All { get; } = Read(Page());

    /// <summary>The page itself.</summary>
    internal static string[] Page()
    {
        using Stream page = Assembly.GetExecutingAssembly().GetManifestResourceStream("architecture.md")!;
        using StreamReader reader = new(page);
        return reader.ReadToEnd().Split('\n');
    }

    internal static Room Named(string name) => All.Single(room => room.Name == name);

    /// <summary>The room that a file lies in, by its path from src/ on; null for a file that lies in none.</summary>
    internal static string? Of(string file) => file.Split('/') switch
    {
        ["src", "DirectMap.Abstractions", ..] => Abstractions,
        ["src", "DirectMap", var room, _, ..] => room,
        _ => null,
    };

    /// <summary>A line for each room, a blank line between two layers; from the heading to the end of the block.</summary>
    private static List<Room> Read(string[] page)
    {
        string[] lines =
            [.. page.SkipWhile(line => !line.StartsWith(Begin, StringComparison.Ordinal)).Skip(1).TakeWhile(line => line != "```")];
        int layer = lines.Count(line => line.Length == 0);
        List<Room> rooms = [];
        foreach (string line in lines)
        {
            if (line.Length == 0)
            {
                layer--;
                continue;
            }

            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            rooms.Add(new Room(words[0], layer, words[1..]));
        }

        return rooms;
    }
}
