using System.Globalization;
using System.Text;
using DirectMap.Linux;

namespace DirectMap.Tests.Breakers.Holding;

/// <summary>The line that /proc has of a thread's system call, in all its forms.</summary>
public sealed class ThreadCallTests
{
    [Theory]
    [InlineData("0 0x3 0x7ffd 0x1000 0x0 0x0 0x0 0x7fff 0x7f00\n", 0, new ulong[] { 3, 0x7FFD, 0x1000, 0, 0, 0 })]
    [InlineData("18 0x3 0x55 0x8 0x0 0x0 0xffffffffffffffff 0x7fff 0x7f00\n", 18, new ulong[] { 3, 0x55, 8, 0, 0, ulong.MaxValue })]
    [InlineData(
        "257 0xffffffffffffff9c 0x7f 0x41 0x1b6 0x0 0x0 0x1 0x2", 257, new ulong[] { ulong.MaxValue - 99, 0x7F, 0x41, 0x1B6, 0, 0 })]
    [InlineData("1073741824 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8\n", 0x40000000, new ulong[] { 1, 2, 3, 4, 5, 6 })]
    [InlineData("7 0x1 0x2", 7, new ulong[] { 1, 2, 0, 0, 0, 0 })]
    [InlineData("7 0x1  0x2\n", 7, new ulong[] { 1, 2, 0, 0, 0, 0 })]
    [InlineData("-1 0x7ffd1 0x7f002\n", ThreadCall.Nowhere, new ulong[] { 0, 0, 0, 0, 0, 0 })]
    [InlineData("0 0x0 0x0 0x0 0x0 0x0 0x0 0x0 0x0\n", ThreadCall.Nowhere, new ulong[] { 0, 0, 0, 0, 0, 0 })] // a thread of the kernel
    [InlineData("0 0x6 0x7ffd 0x8 0x0 0x0 0x0 0x0 0x0\n", ThreadCall.Nowhere, new ulong[] { 0, 0, 0, 0, 0, 0 })] // a worker of io_uring
    [InlineData("running\n", ThreadCall.Running, new ulong[] { 0, 0, 0, 0, 0, 0 })]
    public void A_line_is_a_number_and_up_to_six_arguments(string line, int number, ulong[] arguments)
    {
        ThreadCall call = Parse(line);

        Assert.Equal((line, number), (line, call.Number));
        Assert.Equal(arguments, Enumerable.Range(0, 6).Select(index => call[index]));
        Assert.Equal(number >= 0, call.IsKnown);
    }

    [Theory]
    [InlineData("")]
    [InlineData("7")] // has no end
    [InlineData("\n")]
    [InlineData(" 1 0x2\n")]
    [InlineData("runningrunning")]
    [InlineData("0x1 0x2\n")]
    [InlineData("99999999999999999999 0x1\n")]
    [InlineData("1 0x\n")]
    [InlineData("1 0xg\n")]
    [InlineData("1 0x11111111111111111\n")] // 17 digits
    [InlineData("1 0x1 0x-1\n")]
    [InlineData("1.5 0x1\n")]
    [InlineData("\0\0\0 0x1")]
    public void What_is_no_line_is_of_a_thread_that_runs(string line)
    {
        ThreadCall call = Parse(line);

        Assert.Equal(ThreadCall.Running, call.Number);
        Assert.False(call.IsKnown);
        Assert.Equal(new ThreadCall(ThreadCall.Running, []), call);
    }

    [Fact]
    public void Each_line_is_read_as_it_was_written_and_no_garbage_is_known_by_accident()
    {
        Random random = new(15);
        for (int round = 0; round < 20_000; round++)
        {
            int number = random.Next(2) == 0 ? random.Next(500) : random.Next();
            ulong[] arguments = [.. Enumerable.Range(0, 6).Select(_ => (ulong)random.NextInt64() << random.Next(2))];
            string line = string.Create(
                CultureInfo.InvariantCulture, $"{number} {string.Join(' ', arguments.Select(one => $"0x{one:x}"))} 0x7ffc 0x7f01\n");
            ThreadCall call = Parse(line);
            Assert.Equal(new ThreadCall(number, arguments), call);
            Assert.Equal(new ThreadCall(number, arguments).GetHashCode(), call.GetHashCode());

            byte[] garbage = Encoding.ASCII.GetBytes(line);
            garbage[random.Next(garbage.Length)] = (byte)random.Next(256);
            ThreadCall read = ThreadCall.Parse(garbage); // Throws nothing.
            if (read.IsKnown)
            {
                string digits = new([.. Encoding.Latin1.GetString(garbage).TrimStart('+').TakeWhile(char.IsAsciiDigit)]);
                Assert.Equal(digits.TrimStart('0').PadLeft(1, '0'), read.Number.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    [Fact]
    public void Two_calls_are_the_same_only_with_the_same_arguments()
    {
        ThreadCall call = new(18, [1, 2, 3, 4, 5, 6]);
        Assert.Equal(call, new ThreadCall(18, [1, 2, 3, 4, 5, 6]));
        Assert.NotEqual(call, new ThreadCall(17, [1, 2, 3, 4, 5, 6]));
        for (int index = 0; index < 6; index++)
        {
            ulong[] other = [1, 2, 3, 4, 5, 6];
            other[index] = 9;
            Assert.NotEqual(call, new ThreadCall(18, other));
        }
    }

    private static ThreadCall Parse(string line) => ThreadCall.Parse(Encoding.Latin1.GetBytes(line));
}
