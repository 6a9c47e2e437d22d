using System.Diagnostics;
using System.Globalization;
using DirectMap.Linux;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>Two processes that want one log.</summary>
public sealed class LogAppenderProcessTests : AppenderTest
{
    private const int Page = 4096 + 8192;

    private readonly MappedRegion _region;

    public LogAppenderProcessTests()
    {
        _region = Map(TheFile);
        PersistentLog.Create(_region, Where).Dispose();
    }

    [Fact]
    public void The_second_process_is_told_which_one_has_the_log()
    {
        using PersistentLog log = PersistentLog.Open(_region, Where);
        Assert.Equal($"Taken: {TakenBy(Environment.ProcessId)}\n", ChildProcess.Run(LogAppenderCases.Hold, TheFile.Path).Output);

        log.Dispose();
        using Process holder = Start(LogAppenderCases.Hold, "appended 1");
        Assert.Equal(TakenBy(holder.Id), AssertTaken(() => PersistentLog.Open(_region, Where)).Message);
        Assert.Equal(TakenBy(holder.Id), AssertTaken(() => PersistentLog.Create(_region, Where)).Message);
        Assert.Equal(TakenBy(holder.Id), AssertTaken(() => PersistentLog.OpenOrCreate(_region, Where)).Message);

        End(holder);
        using PersistentLog next = PersistentLog.Open(_region, Where);
        Assert.Equal([100], Records(next));
    }

    [Fact]
    public void When_the_holder_was_killed_the_next_one_opens_the_log_at_once()
    {
        using Process holder = Start(LogAppenderCases.Hold, "appended 1");
        AssertTaken(() => PersistentLog.Open(_region, Where));

        holder.Kill();
        holder.WaitForExit();

        Assert.NotEqual(0UL, _region.Read<ulong>(Page)); // nobody has tidied up
        using PersistentLog next = PersistentLog.Open(_region, Where);
        Assert.Equal([100], Records(next));
        Assert.Equal(2, next.Append([2]));
    }

    [Fact]
    public void What_a_killed_holder_had_started_keeps_nothing()
    {
        using Process holder = ChildProcess.Start(LogAppenderCases.HoldWithChild, TheFile.Path);
        string[] grandchild = holder.StandardOutput.ReadLine()!.Split(' ');
        using Process child = Process.GetProcessById(int.Parse(grandchild[0], CultureInfo.InvariantCulture));
        AssertTaken(() => PersistentLog.Open(_region, Where));

        holder.Kill();
        holder.WaitForExit();

        Assert.False(child.HasExited, "it was to outlive its parent");
        AssertFree(_region);
        child.Kill();
    }

    [Fact]
    public void A_log_that_another_process_has_detached_can_be_had_and_is_refused_to_that_one_until_it_is_closed()
    {
        using Process other = Start(LogAppenderCases.DetachAndAttach, "detached");
        PersistentLog log = PersistentLog.Open(_region, Where);
        log.Append([2]);
        other.StandardInput.WriteLine("attach");
        Assert.Equal($"Taken: {TakenBy(Environment.ProcessId)}", other.StandardOutput.ReadLine());
        log.Dispose();
        other.StandardInput.WriteLine("attach");
        Assert.Equal("appended 3", other.StandardOutput.ReadLine());
        Assert.Equal(TakenBy(other.Id), AssertTaken(() => PersistentLog.Open(_region, Where)).Message);
        End(other);

        using PersistentLog next = PersistentLog.Open(_region, Where);
        Assert.Equal([1, 2, 3], Records(next));
    }

    /// <summary>Between processes only the first byte of a range is locked.</summary>
    [Fact]
    public void Of_another_process_ranges_are_told_by_their_first_byte()
    {
        using Process holder = Start(LogAppenderCases.Hold, "appended 1");

        Assert.Equal(
            TakenBy(holder.Id), AssertTaken(() => PersistentLog.Create(_region, Where with
            {
                Range =
                new FileRange(4096, Length * 2)
            })).Message);
        PersistentLog.Create(_region, new PersistentLogOptions { Range = FileRange.From(4096 + Length) }).Dispose();
        End(holder);
    }

    [Fact]
    public void Processes_that_open_and_dispose_all_the_time_lose_no_record()
    {
        const int Turns = 40;
        PersistentLog.Create(_region, WithRoom).Dispose();
        Process[] processes =
            [.. Enumerable.Range(0, 3).Select(_ => ChildProcess.Start(LogAppenderCases.TakeTurns, TheFile.Path, $"{Turns}"))];
        int refused = 0;
        foreach (Process process in processes)
        {
            refused += int.Parse(process.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
            process.WaitForExit();
            process.Dispose();
        }

        Assert.True(refused > 0, "no two of them met");
        using PersistentLog log = PersistentLog.Open(_region, WithRoom);
        Assert.Equal(3 * Turns, log.LastSequence);
        Assert.All(Records(log).CountBy(record => record), count => Assert.Equal(3, count.Value));
    }

    [Fact]
    public void A_holder_of_the_lock_that_is_no_log_and_says_nothing_is_another_process()
    {
        using Process holder = ChildProcess.Start(LockCases.Hold, TheFile.Path, "4096", "1");
        Assert.Equal("0", holder.StandardOutput.ReadLine());

        Assert.Equal(
            TakenBySomebody("another process, which has not said in the log which it is"),
            AssertTaken(() => PersistentLog.Open(_region, Where)).Message);

        // What stands there is believed for the message only, and no number that no process can have.
        Say(new ProcessIdentity(4711, 1, ProcessIdentity.Current.PidNamespace, ProcessIdentity.Current.Boot));
        AssertSays("process 4711, by what the log says; it is not seen running from here");
        Say(new ProcessIdentity(4711, 1, ProcessIdentity.Current.PidNamespace, 1));
        AssertSays("process 4711 of another machine, or from before a restart, by what the log says; it is not seen running from here");
        Say(new ProcessIdentity(4711, 1, 1, ProcessIdentity.Current.Boot));
        AssertSays("process 4711 of another pid namespace, by what the log says; it is not seen running from here");
        Say(new ProcessIdentity(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue));
        AssertSays("another process, which has not said in the log which it is");
        holder.Kill();
        holder.WaitForExit();
        AssertFree(_region);
    }

    [Fact]
    public void A_record_lock_of_a_program_on_the_first_byte_is_told_with_its_process()
    {
        using Process holder = ChildProcess.Start(LockCases.HoldRecord, TheFile.Path, "4096", "1");
        Assert.Equal("0", holder.StandardOutput.ReadLine());

        AssertSays($"process {holder.Id}, which has locked the byte at 4096");

        holder.Kill();
        holder.WaitForExit();
        AssertFree(_region);
    }

    /// <summary>As the docs say.</summary>
    [Fact]
    public void On_the_portable_backing_another_process_is_not_refused()
    {
        using DirectFile file = DirectFile.Create(Folder.File("portable"), 64 << 10, Options with { Backing = FileBackingKind.Portable });
        using MappedRegion region = Map(file);
        using PersistentLog log = PersistentLog.Create(region, Where);
        using Process other = ChildProcess.Start(LogAppenderCases.Hold, file.Path, nameof(FileBackingKind.Portable));

        Assert.Equal("appended 1", other.StandardOutput.ReadLine());

        other.Kill();
        other.WaitForExit();
    }

    public override void Dispose()
    {
        _region.Dispose();
        base.Dispose();
    }

    private string TakenBy(int process) => TakenBySomebody($"process {process}, by what the log says");

    private string TakenBySomebody(string who) =>
        $"the log at 4096 of '{TheFile.Path}': it is taken by {who}"
            + " (EBUSY); it is free when that log is disposed or detached, or its process has ended";

    private void AssertSays(string who) =>
        Assert.Equal(TakenBySomebody(who), AssertTaken(() => PersistentLog.Open(_region, Where)).Message);

    private void Say(ProcessIdentity identity)
    {
        Span<ulong> words = stackalloc ulong[ProcessIdentity.Words];
        identity.WriteTo(words);
        _region.Write(Page, 1UL);
        for (int i = 0; i < words.Length; i++)
        {
            _region.Write(Page + ((1 + i) * sizeof(ulong)), words[i]);
        }
    }

    private Process Start(Func<string[], int> body, string first)
    {
        Process process = ChildProcess.Start(body, TheFile.Path);
        Assert.Equal(first, process.StandardOutput.ReadLine());
        return process;
    }

    private static void End(Process process)
    {
        process.StandardInput.WriteLine("end");
        process.WaitForExit();
    }
}
