using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;
using Report = DirectMap.Tests.Children.LogCases.Report;

namespace DirectMap.Tests.Logs;

/// <summary>A writer and followers in several processes: what each is told of the other, whatever happens to it.</summary>
public sealed class LogFollowerProcessTests : IDisposable
{
    private static readonly DirectFileOptions s_forReading = new() { Access = FileAccess.Read };

    private readonly TestDirectory _directory = new();
    private readonly string _path;
    private readonly List<Process> _children = [];

    public LogFollowerProcessTests()
    {
        _path = _directory.File("followed.log");
        using DirectFile file = DirectFile.Create(_path, LogCases.Length);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        PersistentLog.Create(region).Dispose();
    }

    public void Dispose()
    {
        foreach (Process child in _children.Where(child => !child.HasExited))
        {
            child.Kill();
            child.WaitForExit();
        }

        _directory.Dispose();
    }

    [Theory]
    [InlineData("Page")]
    [InlineData("CacheLine")]
    public async Task What_another_process_appends_is_followed_beyond_its_end_and_its_restart(string granularity)
    {
        Requires.NativeFor(granularity);
        using DirectFile file = DirectFile.Open(_path, s_forReading);
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        using PersistentLogFollower follower = PersistentLogFollower.Open(region);
        await using IAsyncEnumerator<PersistentLogEntry> records = follower.FollowAsync().GetAsyncEnumerator();

        Process writer = StartWriter(granularity);
        Task<PersistentLogWriter> told = follower.WaitForWriterAsync(default);
        Tell(writer, "open");
        PersistentLogWriter first = await told.Within();
        Assert.Equal((PersistentLogWriterState.Running, $"process {writer.Id}"), (first.State, first.Process));
        await FollowAsync(writer, records, 1);

        told = follower.WaitForWriterAsync(first);
        Tell(writer, "close");
        Assert.Equal(default, await told.Within());
        told = follower.WaitForWriterAsync(default);
        Tell(writer, "open");
        PersistentLogWriter second = await told.Within();
        await FollowAsync(writer, records, 21);

        told = follower.WaitForWriterAsync(second);
        writer.Kill();
        Assert.Equal(second with { State = PersistentLogWriterState.Ended }, await told.Within());

        Process third = StartWriter(granularity);
        told = follower.WaitForWriterAsync(second with { State = PersistentLogWriterState.Ended });
        Tell(third, "open");
        Assert.Equal($"process {third.Id}", (await told.Within()).Process);
        await FollowAsync(third, records, 41);

        Tell(third, "close");
        Task<bool> next = records.MoveNextAsync().AsTask();
        Tell(third, "create");
        Assert.Equal(PersistentLogError.Replaced, (await Assert.ThrowsAsync<PersistentLogException>(() => next.Within())).Error);
    }

    [Fact]
    public void Eight_other_processes_follow()
    {
        const int Records = 200;
        Requires.NativeFor("CacheLine");
        Process[] followers = [.. Enumerable.Range(0, 4).Select(_ => Start(FollowCases.Follow, _path, $"{Records}"))];
        Array.ForEach(followers, follower => Assert.Equal("follows", follower.StandardOutput.ReadLine()));
        Process writer = StartWriter("CacheLine");
        Tell(writer, "open");
        Tell(writer, $"{Records / 2}");
        Process[] late = [.. Enumerable.Range(0, 4).Select(_ => Start(FollowCases.Follow, _path, $"{Records}"))];
        Array.ForEach(late, follower => Assert.Equal("follows", follower.StandardOutput.ReadLine()));

        Tell(writer, $"{Records / 2}");

        Assert.All(followers.Concat(late), follower => Assert.Equal("0", follower.StandardOutput.ReadLine()));
    }

    /// <summary>
    /// Writers that are killed at random moments, one after another, and a follower that reads all the time. What it has seen was
    /// begun, is what was appended, and is there after each opening.
    /// </summary>
    [Theory]
    [InlineData(PersistGranularity.CacheLine)]
    [InlineData(PersistGranularity.Page)]
    public void A_follower_sees_each_record_once_while_one_writer_after_another_is_killed(PersistGranularity granularity)
    {
        const int Rounds = 12;
        Requires.NativeFor($"{granularity}");
        string reportPath = _directory.File("report");
        File.WriteAllBytes(reportPath, new byte[4096]);
        using MemoryMappedFile reportFile = MemoryMappedFile.CreateFromFile(reportPath, FileMode.Open);
        using MemoryMappedViewAccessor report = reportFile.CreateViewAccessor();
        using DirectFile file = DirectFile.Open(_path, s_forReading);
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        using PersistentLogFollower follower = PersistentLogFollower.Open(region);
        PersistentLogReader reader = follower.Read();
        Random random = new((int)granularity);
        long next = 1, seen = 0;
        for (int round = 0; round < Rounds; round++)
        {
            Process writer = Start(LogCases.AppendUntilKilled, _path, reportPath, $"{granularity}");
            long until = next + random.Next(20, 200);
            while (next < until)
            {
                Assert.False(writer.HasExited, "the writer ended by itself");
                Assert.True(follower.WaitForRecord(next, Soon.Patience));
                seen += ReadAll();
                Assert.InRange(next - 1, 0, report.ReadInt64(Report.Begun));
            }

            writer.Kill();
            writer.WaitForExit();
            Assert.Equal(PersistentLogWriterState.Ended, follower.Writer.State);
            seen += ReadAll();
            Assert.InRange(next - 1, report.ReadInt64(Report.Durable), report.ReadInt64(Report.Begun));
        }

        Assert.InRange(seen, Rounds * 5, long.MaxValue);

        long ReadAll()
        {
            for (long count = 0; ;)
            {
                try
                {
                    for (; reader.MoveNext(); next++, count++)
                    {
                        Assert.Equal(next, reader.Current.Sequence);
                        Assert.True(reader.Current.Bytes.Span.SequenceEqual(LogCases.Record(next)), $"record {next} is another one");
                    }

                    return count;
                }
                catch (PersistentLogException overtaken) when (overtaken.Error == PersistentLogError.Overtaken)
                {
                    next += overtaken.Missed;
                }
            }
        }
    }

    [Fact]
    public void A_file_that_may_only_be_read_is_followed()
    {
        using (DirectFile file = DirectFile.Open(_path))
        using (MappedRegion region = file.Map(MapOptions.DirectOrEmulated))
        using (PersistentLog log = PersistentLog.Open(region))
        {
            log.Append(BitConverter.GetBytes(1L));
        }

        File.SetUnixFileMode(_path, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

        Process follower = Start(FollowCases.Follow, _path, "1");

        Assert.Equal("follows", follower.StandardOutput.ReadLine());
        Assert.Equal("0", follower.StandardOutput.ReadLine());
    }

    private static async Task FollowAsync(Process writer, IAsyncEnumerator<PersistentLogEntry> records, long first)
    {
        for (long number = first; number < first + 20; number++)
        {
            Task<bool> next = records.MoveNextAsync().AsTask();
            Tell(writer, "1");
            Assert.True(await next.Within());
            Assert.Equal((number, number), (records.Current.Sequence, BitConverter.ToInt64(records.Current.Bytes.Span)));
        }
    }

    private static void Tell(Process writer, string what)
    {
        writer.StandardInput.WriteLine(what);
        Assert.NotNull(writer.StandardOutput.ReadLine());
    }

    private Process StartWriter(string granularity) => Start(FollowCases.Write, _path, granularity);

    private Process Start(Func<string[], int> body, params string[] arguments)
    {
        Process child = ChildProcess.Start(body, arguments);
        _children.Add(child);
        return child;
    }
}
