using System.Reflection;
using System.Reflection.Metadata;
using System.Text.RegularExpressions;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Architecture;

/// <summary>
/// Each file lies in a room, and a room uses only what the picture in docs/architecture.md lets it use, which lies below it.
/// </summary>
public sealed class LayeringTests(LibraryArrows library) : IClassFixture<LibraryArrows>
{
    private const string Folder = "src/DirectMap";

    /// <summary>What makes readers and writers is a member of what they are made of.</summary>
    private static readonly string[] s_parted = ["DirectFile in Files, Pipelines", "MappedRegion in Pipelines, Regions"];

    /// <summary>It lies where the framework has the extensions of its kind.</summary>
    private static readonly string[] s_inAnotherNamespace =
        ["Microsoft.Extensions.DependencyInjection.DirectMapServiceCollectionExtensions"];

    [Fact]
    public void Every_source_file_lies_in_a_room_that_is_in_the_table()
    {
        IEnumerable<string> outside = library.Library.Files.Concat(library.Contracts.Files).Where(file => !IsKnown(RoomTable.Of(file)));

        Assert.Empty(outside.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_source_file_of_the_tree_lies_in_a_room_whatever_is_in_it()
    {
        IEnumerable<string> outside = Sizes.Sources(Folder, ".cs").Where(file => !IsKnown(RoomTable.Of(file)));

        Assert.Empty(outside.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_room_of_the_table_has_a_file()
    {
        HashSet<string?> lived = [.. library.Library.Files.Concat(library.Contracts.Files).Select(RoomTable.Of)];

        Assert.Empty(RoomTable.All.Select(room => room.Name).Except(lived));
        Assert.Equal(RoomTable.All.Count, RoomTable.All.DistinctBy(room => room.Name).Count());
    }

    [Fact]
    public void Arrows_run_only_where_the_table_allows_them()
    {
        IEnumerable<string> wrong = library.Between
            .Where(use => !RoomTable.All.Any(room => room.Name == use.From && room.Uses.Contains(use.To)))
            .Select(use => $"{use.From} -> {use.To}: {Path.GetFileName(use.Arrow.From)} uses {use.Arrow.Type}");

        Assert.Empty(wrong.Order(StringComparer.Ordinal));
    }

    /// <summary>
    /// Constants, enumerations' values and nameof leave nothing behind in what was built. The namespace of a room stands in the text.
    /// </summary>
    [Fact]
    public void No_file_names_the_namespace_of_a_room_that_its_own_may_not_use()
    {
        Regex name = new($@"(?:\bDirectMap\.|(?<![.\w""]))({string.Join('|', RoomTable.All.Select(room => room.Name))})(?=\.[A-Z]|;$)");
        IEnumerable<string> named =
            from file in Sizes.Sources(Folder, ".cs")
            let room = RoomTable.Named(RoomTable.Of(file)!)
            from line in File.ReadLines(Repository.File(file))
            where !line.TrimStart().StartsWith("//", StringComparison.Ordinal)
            from match in name.Matches(line)
            let used = match.Groups[1].Value
            where used != room.Name && !room.Uses.Contains(used)
            select $"{file} names {used}";

        Assert.Empty(named);
    }

    [Fact]
    public void An_internal_type_is_in_the_namespace_of_its_room()
    {
        MetadataReader metadata = library.Library.Metadata;
        IEnumerable<string> wrong =
            from handle in metadata.TypeDefinitions
            let type = metadata.GetTypeDefinition(handle)
            where !type.IsNested && library.Library.FileOf(handle) is not null
            let room = RoomTable.Of(library.Library.FileOf(handle)!)
            let isPublic = type.Attributes.HasFlag(TypeAttributes.Public)
            let there = metadata.GetString(type.Namespace)
            where there != (isPublic ? "DirectMap" : $"DirectMap.{room}")
            select $"{there}.{metadata.GetString(type.Name)}";

        Assert.Empty(wrong.Except(s_inAnotherNamespace));
    }

    /// <summary>A part in another room would be taken for one of the room where the type is.</summary>
    [Fact]
    public void All_parts_of_a_type_lie_in_one_room()
    {
        IEnumerable<string> parted =
            from handle in library.Library.Metadata.TypeDefinitions
            let rooms = library.Library.FilesOf(handle).Select(RoomTable.Of).Distinct().Order(StringComparer.Ordinal).ToArray()
            where rooms.Length > 1
            select $"{library.Library.NameOf(handle)} in {string.Join(", ", rooms)}";

        Assert.Equal(s_parted, parted.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_arrow_that_the_table_allows_is_used()
    {
        HashSet<(string, string)> used = [.. library.Between.Select(use => (use.From, use.To))];
        IEnumerable<string> unused = RoomTable.All
            .SelectMany(room => room.Uses.Select(use => (room.Name, use)))
            .Where(arrow => !used.Contains(arrow))
            .Select(arrow => $"{arrow.Name} -> {arrow.use}");

        Assert.Empty(unused);
    }

    [Fact]
    public void What_the_table_allows_lies_on_a_lower_layer()
    {
        IEnumerable<string> upward = RoomTable.All
            .SelectMany(room => room.Uses.Where(use => RoomTable.Named(use).Layer >= room.Layer).Select(use => $"{room.Name} -> {use}"));

        Assert.Empty(upward);
    }

    /// <summary>
    /// By the arrows alone, whatever the table says: rooms that use no other one, or that no other one uses, are taken
    /// away until none is left.
    /// </summary>
    [Fact]
    public void No_room_is_in_a_circle()
    {
        HashSet<string> left = [.. library.Between.SelectMany(use => new[] { use.From, use.To })];
        while (left.RemoveWhere(room => !IsPassed(room)) > 0)
        {
        }

        Assert.Empty(left.Order(StringComparer.Ordinal));

        bool IsPassed(string room) =>
            library.Between.Any(use => use.From == room && left.Contains(use.To))
            && library.Between.Any(use => use.To == room && left.Contains(use.From));
    }

    [Fact]
    public void The_table_is_read_as_it_is_drawn()
    {
        Assert.Equal("DependencyInjection", RoomTable.All[0].Name);
        Assert.Equal((RoomTable.Abstractions, 0), (RoomTable.All[^1].Name, RoomTable.All[^1].Layer));
        Assert.Equal(RoomTable.Named("BlockMaps").Layer, RoomTable.Named("Stores").Layer);
        Assert.Equal(RoomTable.Named("Linux").Layer, RoomTable.Named("Threading").Layer + 1);
        Assert.All(RoomTable.All.Zip(RoomTable.All.Skip(1)), pair => Assert.InRange(pair.First.Layer - pair.Second.Layer, 0, 1));
    }

    [Fact]
    public void The_page_says_what_each_room_is_for()
    {
        string[] described =
            [.. RoomTable.Page().Where(line => line.StartsWith("| **", StringComparison.Ordinal)).Select(line => line.Split("**")[1])];

        Assert.Equal(RoomTable.All.Select(room => room.Name), described);
    }

    [Fact]
    public void Each_room_has_tests_in_a_folder_of_its_name()
    {
        using BuiltAssembly tests = BuiltAssembly.Of(typeof(LayeringTests).Assembly);
        HashSet<string> tested = [.. tests.FilesWithTests().Select(file => file.Split('/')[2])];

        Assert.Empty(RoomTable.All.Select(room => room.Name).Except(tested));
    }

    private static bool IsKnown(string? name) => RoomTable.All.Any(room => room.Name == name);
}
