using DirectMap.Tool.Rendering;
using DirectMap.Tool.Terminal;

namespace DirectMap.Tool.Tests.Terminal;

public sealed class PrintableTests
{
    [Theory]
    [InlineData("plain é 日本 😀", "plain é 日本 😀")]
    [InlineData("a\u001b[2J\n", "a\\x1b[2J\\x0a")]
    [InlineData("exe\u202Etxt", "exe\\u202etxt")]
    [InlineData("a\u2028b\u2029c", "a\\u2028b\\u2029c")]
    [InlineData("a\U000E0041", "a\\U000e0041")]
    public void What_acts_instead_of_being_shown_is_escaped(string text, string shown) => Assert.Equal(shown, Printable.Text(text));

    [Fact]
    public void A_command_does_not_hold_it_either() => Assert.Equal("$'exe\\xe2\\x80\\xaetxt'", ShellWord.Of("exe\u202Etxt"));
}
