using DirectMap.Tool.Holders;
using DirectMap.Tool.Linux;

namespace DirectMap.Tool.Tests.Holders;

/// <summary>The lines of /proc/locks, as the kernel writes them.</summary>
public sealed class LockTableTests
{
    private const string Lines =
        """
        1: POSIX  ADVISORY  WRITE 708 08:01:4711 5 14
        2: FLOCK  ADVISORY  WRITE 709 08:01:4712 0 EOF
        2: -> FLOCK  ADVISORY  READ 710 08:01:4712 0 EOF
        3: OFDLCK ADVISORY  READ  -1 08:01:4711 0 EOF
        4: FLOCK  ADVISORY  WRITE 711 08:01:4711 0 EOF
        4: -> FLOCK  ADVISORY  WRITE 712 08:01:4711 0 EOF
        5: LEASE  BREAKING  UNLCK 713 08:01:4711 0 EOF
        5: -> LEASE  BREAKER   READ 714 <none>:0 0 EOF
        6: LEASE  ACTIVE    WRITE 715 fe:00:4711 0 EOF
        7: DELEG  ACTIVE    READ 716 08:01:4711 0 EOF
        """;

    [Fact]
    public void Those_of_the_file_are_found_and_who_waits_for_them() => Assert.Equal(
        [
            Lock(LockKind.Record, LockAccess.Write, LockState.Held, 708) with { Start = 5, End = 14 },
            Lock(LockKind.OpenFileDescription, LockAccess.Read, LockState.Held, null),
            Lock(LockKind.Flock, LockAccess.Write, LockState.Held, 711),
            Lock(LockKind.Flock, LockAccess.Write, LockState.Waiting, 712),
            Lock(LockKind.Lease, LockAccess.None, LockState.Breaking, 713),
            Lock(LockKind.Lease, LockAccess.Read, LockState.Waiting, 714),
            Lock(LockKind.Delegation, LockAccess.Read, LockState.Held, 716),
        ],
        LockTable.Listed(Lines.Split('\n'), new InodeNumbers(8, 1, 4711)));

    [Theory]
    [InlineData("")]
    [InlineData("1:")]
    [InlineData("1: ->")]
    [InlineData("1: POSIX ADVISORY *NOINODE* WRITE")]
    public void What_is_no_lock_is_passed_over(string line) =>
        Assert.Empty(LockTable.Listed([line], default));

    private static FileLock Lock(LockKind kind, LockAccess access, LockState state, int? process) =>
        new() { Kind = kind, Access = access, State = state, ProcessId = process };
}
