using DirectMap.Tests.Architecture;
using DirectMap.Tool.Commands;

namespace DirectMap.Tool.Tests.Architecture;

/// <summary>The tool's rooms, each of which uses only those after it.</summary>
public sealed class ToolRoomTests
{
    private static readonly string[] s_rooms =
        ["Commands", "Rendering", "Watching", "Benchmarking", "Holders", "Inspection", "Terminal", "Linux"];

    /// <summary>Where the library's source lies that is compiled into the tool, which has a room of the same name for it.</summary>
    private const string Shared = "src/DirectMap/Linux/";

    /// <summary>Today's exceptions.</summary>
    private static readonly string[] s_tooLarge = ["FileJson..ctor"];

    [Fact]
    public void Every_source_file_lies_in_a_room()
    {
        using BuiltAssembly tool = BuiltAssembly.Of(typeof(DirectMapTool).Assembly);

        Assert.DoesNotContain(tool.Files, file => RoomOf(file) < 0);
        Assert.Equal(s_rooms.Length, tool.Files.Select(RoomOf).Distinct().Count());
    }

    [Fact]
    public void A_room_uses_only_those_after_it()
    {
        using BuiltAssembly tool = BuiltAssembly.Of(typeof(DirectMapTool).Assembly);
        IEnumerable<string> upward = Arrows.Of(tool)
            .Where(arrow => RoomOf(arrow.To) < RoomOf(arrow.From))
            .Select(arrow => $"{arrow.From} uses {arrow.Type} of {arrow.To}");

        Assert.Empty(upward);
    }

    [Fact]
    public void No_method_is_longer_than_60_lines_and_no_constructor_has_more_than_6_parameters()
    {
        using BuiltAssembly tool = BuiltAssembly.Of(typeof(DirectMapTool).Assembly);

        IEnumerable<string> tooLarge = Sizes.Methods(tool).Concat(Sizes.Constructors(tool)).Select(one => one.What);

        Assert.Equal(s_tooLarge, tooLarge.Order(StringComparer.Ordinal));
    }

    private static int RoomOf(string file) => Array.IndexOf(
        s_rooms,
        file.StartsWith(Shared, StringComparison.Ordinal) ? "Linux"
            : file.Split('/') is ["src", "DirectMap.Tool", var room, _] ? room : "");
}
