using DirectMap.Tool.Inspection;

namespace DirectMap.Tool.Rendering;

/// <summary>How the kinds of blocks look.</summary>
/// <param name="Glyph">On a terminal.</param>
/// <param name="Letter">In plain ASCII.</param>
/// <param name="Color">A color of Spectre.Console's.</param>
/// <param name="Shade">The color of every other fragment.</param>
/// <param name="Label">For the legend.</param>
internal readonly record struct BlockLook(char Glyph, char Letter, string Color, string Shade, string Label)
{
    internal static BlockLook Fragmented { get; } = new('▓', 'F', "green3", "green4", "in many pieces");

    internal static BlockLook Mixed { get; } = new('▄', '+', "grey", "grey", "several kinds");

    internal static BlockLook Of(BlockKind kind) => kind switch
    {
        BlockKind.Written => new('█', 'W', "green3", "green4", "written"),
        BlockKind.Unwritten => new('▒', 'u', "gold1", "gold3", "unwritten"),
        BlockKind.Hole => new('·', '.', "grey", "grey", "hole"),
        BlockKind.Shared => new('▚', 's', "magenta2", "magenta3", "shared"),
        BlockKind.Delayed => new('d', 'd', "turquoise2", "turquoise4", "delayed"),
        BlockKind.Inline => new('i', 'i', "dodgerblue1", "dodgerblue3", "inline"),
        BlockKind.Encoded => new('e', 'e', "dodgerblue1", "dodgerblue3", "encoded"),
        BlockKind.BadBlock => new('X', 'X', "red1", "red1", "bad block"),
        _ => new('?', '?', "orange1", "orange3", "other"),
    };
}
