using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Terminal;

namespace DirectMap.Tool.Tests.Terminal;

public sealed class ShellWordTests
{
    [Theory]
    [InlineData("orders.pmem")]
    [InlineData("/a/b c")]
    [InlineData("it's")]
    [InlineData("$(touch x); `y` \"z\" \\")]
    [InlineData("line\nbreak 'and' \t\\")]
    [InlineData("größe")]
    [InlineData("größe\u001b[31m")]
    [InlineData("*")]
    public void A_shell_takes_the_word_for_the_path(string path)
    {
        string word = ShellWord.Of(path);

        Assert.DoesNotContain(word, char.IsControl);
        Assert.Null(RealFileSystems.Run(out string said, "bash", "-c", $"printf %s {word}"));
        Assert.Equal(path, said);
    }

    [Fact]
    public void A_path_is_not_taken_for_an_option() => Assert.Equal("./-rf", ShellWord.Of("-rf"));

    [Fact]
    public void A_plain_path_stays_as_it_is() => Assert.Equal("/data/orders-1.pmem", ShellWord.Of("/data/orders-1.pmem"));
}
