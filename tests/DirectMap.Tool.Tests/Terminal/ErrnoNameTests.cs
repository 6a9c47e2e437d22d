using DirectMap.Tool.Terminal;

namespace DirectMap.Tool.Tests.Terminal;

public sealed class ErrnoNameTests
{
    [Theory]
    [InlineData(1, "EPERM")]
    [InlineData(19, "ENODEV")]
    [InlineData(35, "EDEADLK")]
    [InlineData(41, "errno 41")]
    [InlineData(42, "ENOMSG")]
    [InlineData(61, "ENODATA")]
    [InlineData(75, "EOVERFLOW")]
    [InlineData(95, "EOPNOTSUPP")]
    [InlineData(110, "ETIMEDOUT")]
    [InlineData(117, "EUCLEAN")]
    [InlineData(122, "EDQUOT")]
    [InlineData(133, "EHWPOISON")]
    [InlineData(134, "errno 134")]
    [InlineData(0, null)]
    [InlineData(-2146232800, null)]
    public void Each_number_has_its_name(int errno, string? name) => Assert.Equal(name, ErrnoName.OfNumber(errno));

    [Theory]
    [InlineData("mmap of '/f': No such device (errno 19)", "ENODEV")]
    [InlineData("open of '/f (EVIL)/g': Permission denied (EACCES)", "EACCES")]
    public void What_the_message_says_comes_first(string message, string name) =>
        Assert.Equal(name, ErrnoName.Of(new IOException(message)));

    [Fact]
    public void The_number_behind_a_denial_is_found() =>
        Assert.Equal("EBADF", ErrnoName.Of(new UnauthorizedAccessException("denied", new IOException("bad", 9))));
}
