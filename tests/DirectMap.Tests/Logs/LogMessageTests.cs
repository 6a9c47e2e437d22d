using DirectMap.Linux;

namespace DirectMap.Tests.Logs;

/// <summary>What a log refuses says where the log is, the errno, and what helps.</summary>
public sealed class LogMessageTests : LogTest
{
    [Fact]
    public void Each_error_has_the_place_the_name_of_its_errno_and_a_remedy()
    {
        Assert.All(Enum.GetValues<PersistentLogError>(), error =>
        {
            PersistentLogException refused = new(error, "bytes of a file", "so it is");

            Assert.StartsWith($"bytes of a file: so it is ({Errno.NameOf(refused.HResult)}); ", refused.Message, StringComparison.Ordinal);
            Assert.False(refused.Message.EndsWith("; ", StringComparison.Ordinal), refused.Message);
        });
    }

    [Fact]
    public void What_is_refused_names_the_file_and_the_member_that_helps()
    {
        using MappedRegion region = Map(CacheLine, out DirectFile file);
        AssertSays(file, "(EINVAL); PersistentLog.Create makes one", () => PersistentLog.Open(region));
        PersistentLog log = PersistentLog.Create(region);
        byte[] record = new byte[log.MaxRecordLength];
        AssertSays(file, "(ENOSPC); append less at once", () => log.AppendBatch([record, record]));
        log.Append(new byte[8 << 10]);
        AssertSays(file, "(ENOSPC); PersistentLog.Trim makes room", () => log.Append(record));
        log.Detach();
        AssertSays(file, "(EAGAIN); PersistentLog.Attach", () => log.Append([1]));
        log.Dispose();
        using PersistentLogFollower follower = PersistentLogFollower.Open(region);
        PersistentLog.Create(region).Dispose();
        AssertSays(file, "(ESTALE); a new PersistentLogFollower", () => follower.Read().MoveNext());
    }

    [Fact]
    public void A_range_that_is_too_short_is_told_so_and_the_parameter_is_the_callers()
    {
        using MappedRegion region = Map(CacheLine, out _);

        Assert.Contains("of 8192 bytes is too short", AssertWrong(new FileRange(0, 8192)), StringComparison.Ordinal);
        Assert.Contains("does not lie within", AssertWrong(new FileRange(0, 1 << 20)), StringComparison.Ordinal);
        Assert.Contains("multiple of 8", AssertWrong(new FileRange(4, 32 << 10)), StringComparison.Ordinal);

        string AssertWrong(FileRange range)
        {
            ArgumentException wrong = Assert.Throws<ArgumentException>(
                () => PersistentLog.Create(region, new PersistentLogOptions { Range = range }));
            Assert.Equal("options", wrong.ParamName);
            Assert.StartsWith("PersistentLogOptions.Range: ", wrong.Message, StringComparison.Ordinal);
            return wrong.Message;
        }
    }

    private static void AssertSays(DirectFile file, string what, Action refused)
    {
        PersistentLogException exception = Assert.Throws<PersistentLogException>(refused);
        Assert.Contains($"of '{file.Path}': ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(what, exception.Message, StringComparison.Ordinal);
    }
}
