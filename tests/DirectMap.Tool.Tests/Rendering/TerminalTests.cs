using System.Text.RegularExpressions;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Inspection;
using DirectMap.Tool.Rendering;
using DirectMap.Tool.Terminal;
using DirectMap.Tool.Tests.Infrastructure;
using Spectre.Console;

namespace DirectMap.Tool.Tests.Rendering;

public sealed partial class TerminalTests : ToolTest
{
    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(211)]
    public async Task The_picture_is_as_wide_as_the_terminal_and_no_line_is_wider(int width)
    {
        string path = TestFile.Hole(Folder, 64 << 20);
        using (DirectFile file = DirectFile.Open(path))
        {
            file.Allocate(0, 16 << 20);
            file.Prepare(new PrepareOptions { Range = new FileRange(0, 8 << 20) });
        }

        ToolResult result = await ToolRun.OnTerminalAsync(width, hasColor: false, "inspect", path);

        string[] shown = [.. result.Seen.Split('\n').Where(line => !line.Contains(path, StringComparison.Ordinal))];
        Assert.All(shown, line => Assert.InRange(line.TrimEnd().Length, 0, width));
        string[] picture = [.. result.Lines.Where(line => PictureRow().IsMatch(line))];
        Assert.Equal(4, picture.Length);
        Assert.All(picture, row => Assert.Equal(width - 1, row.Length)); // a column is left free on each side
        string cells = string.Concat(picture.Select(row => row[1..]));
        Assert.InRange(cells.Count(c => c == '█'), cells.Length / 8 - 2, cells.Length / 8 + 1);
        Assert.InRange(cells.Count(c => c == '▒'), cells.Length / 8 - 2, cells.Length / 8 + 1);
        Assert.InRange(cells.Count(c => c == '·'), (cells.Length * 3 / 4) - 2, (cells.Length * 3 / 4) + 1);
    }

    [Fact]
    public async Task A_small_file_takes_one_row()
    {
        ToolResult result = await ToolRun.OnTerminalAsync(80, hasColor: false, "inspect", TestFile.Hole(Folder, 5000));

        Assert.Equal(" " + new string('·', 78), Assert.Single(result.Lines, line => PictureRow().IsMatch(line)));
    }

    [Fact]
    public async Task The_legend_names_what_there_is_and_how_much()
    {
        ToolResult result = await ToolRun.OnTerminalAsync(100, hasColor: false, "inspect", TestFile.Unwritten(Folder));

        Assert.Contains(" ▒ unwritten 1 MiB 100%", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("█", result.Output, StringComparison.Ordinal);
        Assert.Contains("✗ Cannot be mapped for writing (direct or emulated): UnwrittenExtent", result.Seen, StringComparison.Ordinal);
        Assert.Contains($"$ directmap prepare {Folder.File("unwritten")}\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_legend_is_broken_between_its_entries()
    {
        string path = TestFile.Unwritten(Folder);
        using (FileStream file = File.OpenWrite(path))
        {
            file.SetLength((2 * TestFile.Length) + 4096);
        }

        ToolResult result = await ToolRun.OnTerminalAsync(40, hasColor: false, "inspect", path);

        string[] legend = [.. result.Seen.Split('\n')
            .Where(line => line.Contains('%', StringComparison.Ordinal) || line.Contains("several", StringComparison.Ordinal))
            .Select(line => line.Trim())];
        Assert.Equal(["▒ unwritten 1 MiB 50%", "· hole 1.0 MiB 50%   ▄ several kinds"], legend);
    }

    [Fact]
    public async Task Colors_are_there_unless_they_are_not_wanted()
    {
        string path = TestFile.Written(Folder);

        Assert.Contains(
            "\u001b[38;", (await ToolRun.OnTerminalAsync(80, hasColor: true, "inspect", path)).Output, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "\u001b[38;", (await ToolRun.OnTerminalAsync(80, hasColor: false, "inspect", path)).Output, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "\u001b[38;",
            (await ToolRun.OnTerminalAsync(80, hasColor: true, "inspect", "--no-color", path)).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plain_is_the_same_on_a_terminal_as_in_a_file()
    {
        string path = TestFile.Written(Folder);

        Assert.Equal(
            await ToolRun.RunAsync("inspect", path), await ToolRun.OnTerminalAsync(80, hasColor: true, "inspect", "--plain", path));
    }

    [Fact]
    public void Fragments_and_mixtures_look_different_from_what_is_whole()
    {
        FileReport report = Report(
            new BlockCell(BlockKind.Written, null, 1, false),
            new BlockCell(BlockKind.Written, null, 5, false),
            new BlockCell(BlockKind.Written, BlockKind.Hole, 0, true),
            new BlockCell(BlockKind.Shared, null, 1, false));

        Assert.Equal("█▓▄▚", Letters(report, hasUnicode: true));
        Assert.Equal("WF+s", Letters(report, hasUnicode: false));
        using StringWriter plain = new();
        PlainReport.Write(plain, report, report.Verdicts[0]);
        Assert.Contains("map: WF+s\n", plain.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Neighboring_fragments_have_different_colors()
    {
        string same = Drawn(Report(new BlockCell(BlockKind.Written, null, 1, false), new BlockCell(BlockKind.Written, null, 0, false)));
        string different = Drawn(Report(new BlockCell(BlockKind.Written, null, 1, false), new BlockCell(BlockKind.Written, null, 1, true)));

        Assert.Equal(1, ColorCode().Count(same.Split('\n')[0]));
        Assert.Equal(2, ColorCode().Count(different.Split('\n')[0]));
    }

    [Fact]
    public async Task A_real_terminal_gets_colors_and_its_width_and_NO_COLOR_takes_the_colors_away()
    {
        Requires.Have("script", RealFileSystems.Run("script", "--version") is null, "needs script(1)");
        string path = TestFile.Hole(Folder, 64 << 20);
        string command = $"stty cols 91; {ToolProcess.Executable} inspect {path}";

        ToolResult colored = await ToolProcess.RunAsync("script", "-qec", command, "/dev/null");
        ToolResult plain = await ToolProcess.RunAsync("script", "-qec", $"export NO_COLOR=1; {command}", "/dev/null");
        ToolResult redirected = await ToolProcess.RunAsync("script", "-qec", $"{command} | cat", "/dev/null");

        Assert.Equal((1, 1), (colored.Code, plain.Code));
        Assert.Contains("\u001b[38;5;", colored.Output, StringComparison.Ordinal);
        Assert.Contains(new string('·', 89), colored.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(new string('·', 90), colored.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[38;", plain.Output, StringComparison.Ordinal);
        Assert.Contains(new string('·', 89), plain.Output, StringComparison.Ordinal);
        Assert.Contains("map: ....", redirected.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[38;", redirected.Output, StringComparison.Ordinal);
    }

    private static FileReport Report(params BlockCell[] cells)
    {
        long[] bytes = new long[BlockKinds.Count];
        bytes[0] = cells.Length * 4096;
        return new FileReport
        {
            Path = "file",
            Length = cells.Length * 4096,
            Backing = new FileFacts("ext4", BlockMapStability.Stable, IsDax: false, LoadsAllocate: false, MapMode.Direct),
            Blocks = new BlockSummary(bytes, cells.Sum(cell => cell.FragmentStarts), cells),
            Verdicts = [new Verdict { Mode = VerdictMode.DirectOrEmulated, Access = MappingAccess.Read, Result = VerdictResult.Mappable }],
        };
    }

    private static string Letters(FileReport report, bool hasUnicode)
    {
        string row = Drawn(report, hasColor: false, hasUnicode).Split('\n')[0].Trim();
        int stretched = row.Length / report.Blocks.Cells.Count;
        return string.Concat(Enumerable.Range(0, report.Blocks.Cells.Count).Select(i => row[(i * stretched) + (stretched / 2)]));
    }

    private static string Drawn(FileReport report, bool hasColor = true, bool hasUnicode = true)
    {
        using StringWriter output = new();
        ToolConsole console = new()
        {
            Out = output,
            Error = output,
            IsTerminal = true,
            HasColor = hasColor,
            HasUnicode = hasUnicode,
            ColorSystem = ColorSystemSupport.TrueColor,
            Width = 82
        };
        new BlockPicture(console.Terminal()).Draw(report);
        return output.ToString();
    }

    [GeneratedRegex("^ [█▓▒▚▄·]{20,}$")]
    private static partial Regex PictureRow();

    [GeneratedRegex("\u001b\\[38;[0-9;]*m")]
    private static partial Regex ColorCode();
}
