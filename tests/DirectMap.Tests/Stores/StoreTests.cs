using DirectMap.Stores;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Stores;

/// <summary>Copies, moves and fills with each set of vectors, which is a matter of the process.</summary>
public sealed class StoreTests
{
    /// <summary>Bytes of the widest vector.</summary>
    public static TheoryData<int> Widths => new(64, 32, 16, 8);

    [Theory]
    [MemberData(nameof(Widths))]
    public void Memcpy_memmove_memset_store_what_the_model_says_and_nothing_beside_it_at_any_offset(int widest) =>
        AssertExit(0, Run(StoreCases.AgainstTheModel, widest));

    [Theory]
    [MemberData(nameof(Widths))]
    public void Each_byte_is_stored_once_no_word_in_parts_and_what_is_not_around_the_cache_is_flushed(int widest) =>
        AssertExit(0, Run(StoreFlushCases.StoresAndFlushes, widest));

    [Theory]
    [MemberData(nameof(Widths))]
    public void Another_thread_sees_words_old_or_new(int widest)
    {
        Requires.Have("two-processors", Environment.ProcessorCount > 1, "needs two processors");
        AssertExit(0, Run(TornWordCases.WordsAreNotTorn, widest, "kernels", "300"));
    }

    [Fact]
    public void Another_thread_sees_torn_words_where_bytes_are_stored_one_by_one_and_the_test_above_would_notice()
    {
        Requires.Have("two-processors", Environment.ProcessorCount > 1, "needs two processors");
        AssertExit(3, Run(TornWordCases.WordsAreNotTorn, StoreLoop.Widest, "bytes", "10000"));
    }

    private static ChildProcess.Result Run(Func<string[], int> body, int widest, params string[] arguments)
    {
        Assert.SkipWhen(StoreLoop.Widest < widest, $"this processor, or this process, has no vectors of {widest} bytes");
        Dictionary<string, string> switches = widest switch
        {
            64 => [],
            // one is the name of .NET 10, the other one of those before
            32 => new() { ["DOTNET_EnableAVX512"] = "0", ["DOTNET_EnableAVX512F"] = "0" },
            16 => new() { ["DOTNET_EnableAVX2"] = "0" },
            _ => new() { ["DOTNET_EnableHWIntrinsic"] = "0" },
        };
        return ChildProcess.RunWith(switches, body, [$"{widest}", .. arguments]);
    }

    private static void AssertExit(int expected, ChildProcess.Result result) => Assert.True(result.ExitCode == expected, result.ToString());
}
