using DirectMap.Tool.Holders;
using DirectMap.Tool.Linux;

namespace DirectMap.Tool.Tests.Holders;

/// <summary>What /proc says, as far as names in it may be anything.</summary>
public sealed class ProcTextTests
{
    [Theory]
    [InlineData("cat")]
    [InlineData("a) R 1 (b")]
    public void A_name_may_have_parentheses(string name)
    {
        string text = $"4711 ({name}) S 1 4711 4711 0 -1 4194304 96 0 0 0 0 0 0 0 20 0 3 0 8421 5234688 345 18446744073709551615 1 1";

        Assert.Equal(new ProcessStat(name, 'S', 4194304, 3, 8421), ProcessStat.Parse(text));
    }

    [Theory]
    [InlineData('Z', 1, 0x0, true)]
    [InlineData('Z', 2, 0x0, false)]
    [InlineData('S', 1, 0x0, false)]
    [InlineData('S', 1, 0x200000, true)]
    public void What_has_ended_and_the_kernel_s_own_have_nothing(char state, int threads, ulong flags, bool hasNothing) =>
        Assert.Equal(hasNothing, new ProcessStat("name", state, flags, threads, 1).HasNothing);

    [Fact]
    public void A_path_may_have_spaces_and_line_breaks()
    {
        MapsLine? line = MapsLine.Parse(@"7f10000-7f14000 rw-s 00001000 fe:00 4711                       /a b/c\012d (deleted)");

        Assert.Equal(new MapsLine(0x7f10000, 0x7f14000, "rw-s", new InodeNumbers(0xfe, 0, 4711), "/a b/c\nd (deleted)"), line);
    }

    [Theory]
    [InlineData("")]
    [InlineData("7f10000-7f14000 rw-s")]
    [InlineData("7f10000 rw-s 00001000 fe:00 4711 /a")]
    public void What_is_no_mapping_is_passed_over(string line) => Assert.Null(MapsLine.Parse(line));

    [Theory]
    [InlineData("0100000", "Read")]
    [InlineData("0100001", "Write")]
    [InlineData("02100002", "ReadWrite")]
    [InlineData("0100003", "None")]
    [InlineData("012000000", "Path")]
    public void Flags_say_what_a_descriptor_permits(string flags, string access) =>
        Assert.Equal(access, DescriptorInfo.Parse($"pos:\t0\nflags:\t{flags}\nmnt_id:\t24\nino:\t4711\n").Access.ToString());
}
