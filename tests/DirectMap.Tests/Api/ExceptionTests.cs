using System.Reflection;
using System.Runtime.CompilerServices;

namespace DirectMap.Tests.Api;

/// <summary>How who implements an interface of the library makes the exceptions of that: by their properties.</summary>
public sealed class ExceptionTests
{
    private static readonly LeaseBreak s_break = new()
    {
        Operation = LayoutOperation.SetLength,
        Range = FileRange.Whole,
        Breaker = "somebody",
        StartedAt = DateTimeOffset.UnixEpoch,
        Deadline = DateTimeOffset.UnixEpoch.AddSeconds(45),
    };

    [Fact]
    public void A_public_constructor_of_an_exception_takes_an_inner_exception_at_most()
    {
        Type[] made = [.. PublicMembers.Types
            .Where(type => type.IsAssignableTo(typeof(Exception)) && type.GetConstructors().Length != 0)];

        Assert.Equal(
            [nameof(LeaseConflictException), nameof(MapRefusedException), nameof(MappingFaultException), nameof(RegionFullException)],
            made.Select(type => type.Name).Order(StringComparer.Ordinal));
        Assert.All(made.SelectMany(type => type.GetConstructors()), constructor =>
            Assert.All(constructor.GetParameters(), parameter => Assert.Equal(typeof(Exception), parameter.ParameterType)));
        Assert.All(made, type => Assert.Contains(
            type.GetProperties(), property => property.IsDefined(typeof(RequiredMemberAttribute), inherit: false)));
    }

    [Theory]
    [InlineData(LeaseConflict.WouldBlock, "EWOULDBLOCK", 11)]
    [InlineData(LeaseConflict.Busy, "EBUSY", 16)]
    [InlineData(LeaseConflict.Deadlock, "EDEADLK", 35)]
    [InlineData(LeaseConflict.ExclusivelyHeld, "ETXTBSY", 26)]
    [InlineData(LeaseConflict.RevocationFailed, "EIO", 5)]
    public void A_conflict_says_what_it_was_given_and_has_its_error_number(LeaseConflict conflict, string errno, int number)
    {
        InvalidOperationException cause = new();

        LeaseConflictException exception = new(cause) { Conflict = conflict, Detail = "one and another", Break = s_break };

        Assert.Equal(($"one and another ({errno})", number), (exception.Message, exception.HResult));
        Assert.Equal((conflict, s_break, cause), (exception.Conflict, exception.Break, exception.InnerException));
    }

    [Fact]
    public void A_refusal_says_what_it_was_given_and_is_EOPNOTSUPP()
    {
        MapRefusedException plain = new() { Path = "/f", Range = new FileRange(0, 8), Reason = RefusalReason.Custom };
        MapRefusedException full = new()
        {
            Path = "/f",
            Range = new FileRange(0, 8),
            Reason = RefusalReason.Hole,
            Detail = "fill it",
            Extent = new Extent(0, 4096, 0, ExtentFlags.Hole),
        };

        Assert.Equal(("'/f', bytes [0, 8): mapping refused, Custom (EOPNOTSUPP)", 95), (plain.Message, plain.HResult));
        Assert.Equal("'/f', bytes [0, 8): mapping refused, Hole at [0, 4096) (flags Hole): fill it (EOPNOTSUPP)", full.Message);
    }

    [Fact]
    public void A_full_region_says_where_the_writer_stands_and_is_ENOSPC()
    {
        RegionFullException exception = new() { Path = "/f", Position = 10, Needed = 7, Available = 3 };

        Assert.Equal(28, exception.HResult);
        Assert.Equal(
            "'/f': 7 bytes are to be written at 10 of the region, and the writer ends 3 bytes further on (ENOSPC)", exception.Message);
    }
}
