using DirectMap.Tool.Terminal;

namespace DirectMap.Tool.Tests.Terminal;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("4096", 4096)]
    [InlineData("4096B", 4096)]
    [InlineData("64K", 64 << 10)]
    [InlineData("64KiB", 64 << 10)]
    [InlineData("64kib", 64 << 10)]
    [InlineData("64KB", 64_000)]
    [InlineData("64M", 64 << 20)]
    [InlineData("64MiB", 64 << 20)]
    [InlineData("64MB", 64_000_000)]
    [InlineData("3G", 3L << 30)]
    [InlineData("3GiB", 3L << 30)]
    [InlineData("1TiB", 1L << 40)]
    [InlineData("7EiB", 7L << 60)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void A_size_is_a_whole_number_and_a_unit(string text, long bytes)
    {
        Assert.Null(ByteSize.TryParse(text, out long parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("M")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5G")]
    [InlineData("64 MiB")]
    [InlineData("64Mi")]
    [InlineData("64X")]
    [InlineData("64MiBs")]
    [InlineData("0x10")]
    [InlineData("٣")]
    public void Nonsense_is_named(string text) =>
        Assert.Contains($"'{text}' is not a size", ByteSize.TryParse(text, out _), StringComparison.Ordinal);

    [Theory]
    [InlineData("9223372036854775808")]
    [InlineData("8EiB")]
    [InlineData("9999999999999999999E")]
    [InlineData("340282366920938463463374607431768211456")]
    public void What_no_file_can_have_is_too_much(string text) =>
        Assert.Contains("is more than", ByteSize.TryParse(text, out _), StringComparison.Ordinal);

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(64 << 20, "64 MiB")]
    [InlineData((64 << 20) + 1, "64.0 MiB")]
    [InlineData(1L << 40, "1 TiB")]
    [InlineData(long.MaxValue, "8.0 EiB")]
    public void A_size_is_shown_in_its_largest_unit(long bytes, string text) => Assert.Equal(text, ByteSize.Format(bytes));
}
