using System.Runtime.InteropServices;
using DirectMap.Linux;

namespace DirectMap.Tests.Breakers.Holding;

/// <summary>Which call a number is, on each processor, and which may change a file.</summary>
public sealed class SystemCallNumbersTests
{
    [Theory]
    [InlineData(System.Runtime.InteropServices.Architecture.X64)]
    [InlineData(System.Runtime.InteropServices.Architecture.Arm64)]
    public void A_number_is_the_call_that_the_kernels_table_has(System.Runtime.InteropServices.Architecture architecture)
    {
        Dictionary<int, string> expected = SystemCallsByNumber.Of(architecture).ToDictionary(pair => pair.Value, pair => pair.Key);
        for (int number = -10; number < 2000; number++)
        {
            Assert.Equal(
                (number, expected.GetValueOrDefault(number, nameof(SystemCall.Unknown))),
                (number, SystemCallNumbers.Of(number, architecture).ToString()));
            Assert.Equal(SystemCall.Unknown, SystemCallNumbers.Of(0x40000000 | number, architecture));
        }
    }

    [Fact]
    public void Other_processors_have_no_known_number()
    {
        for (int number = 0; number < 500; number++)
        {
            Assert.Equal(SystemCall.Unknown, SystemCallNumbers.Of(number, System.Runtime.InteropServices.Architecture.RiscV64));
        }
    }

    [Theory]
    [InlineData(System.Runtime.InteropServices.Architecture.X64)]
    [InlineData(System.Runtime.InteropServices.Architecture.Arm64)]
    public void Whatever_changes_a_32_bit_processs_file_may_change(System.Runtime.InteropServices.Architecture architecture)
    {
        Assert.DoesNotContain(SystemCallsByNumber.ChangesOf32BitsOf(architecture), pair => !SystemCallNumbers.MayChange(pair.Value));
    }

    [Fact]
    public void Whatever_is_not_reading_may_change_and_so_may_each_call_of_x32()
    {
        string[] reads = ["read", "pread64", "readv", "preadv", "preadv2"];
        foreach ((string name, int number) in SystemCallsByNumber.Of(RuntimeInformation.ProcessArchitecture))
        {
            bool collides = SystemCallsByNumber.ChangesOf32Bits.Values.Contains(number);
            Assert.Equal((name, !reads.Contains(name) || collides), (name, SystemCallNumbers.MayChange(number)));
        }

        Assert.True(SystemCallNumbers.MayChange(0x40000000));
        Assert.True(SystemCallNumbers.MayChange(int.MaxValue));
    }

    [Theory]
    [InlineData(202)] // futex of x64
    [InlineData(98)] // futex of arm64
    [InlineData(35)] // nanosleep of x64
    [InlineData(232)] // epoll_wait of x64
    public void What_asks_nobody_for_a_files_bytes_does_not(int number) => Assert.False(SystemCallNumbers.MayChange(number));
}
