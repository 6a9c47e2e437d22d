using System.Diagnostics;
using System.Globalization;
using DirectMap.Linux;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Linux;

/// <summary>Who a process is, for whoever reads it later, and whether that one is seen to run.</summary>
public sealed class ProcessIdentityTests
{
    /// <summary>The fields behind the name, up to the start time and one more; each is its number.</summary>
    private const string Behind = "S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23";

    private static ProcessIdentity Current => ProcessIdentity.Current;

    [Fact]
    public void This_process_knows_all_of_itself_and_is_seen_to_run()
    {
        Assert.Equal((ulong)Environment.ProcessId, Current.Pid);
        Assert.NotEqual(0UL, Current.StartTime);
        Assert.Equal($"pid:[{Current.PidNamespace}]", new FileInfo("/proc/self/ns/pid").LinkTarget);
        Assert.NotEqual(0UL, Current.Boot);
        Assert.True(Current.IsSeenRunning);
        Assert.Equal($"process {Environment.ProcessId}", $"{Current}");
    }

    /// <summary>Ticks are hundredths of a second on x64 and arm64; the BCL finds the time in its own way.</summary>
    [Fact]
    public void The_start_time_is_the_one_that_the_framework_finds()
    {
        using Process self = Process.GetCurrentProcess();
        string boot = File.ReadLines("/proc/stat").First(line => line.StartsWith("btime ", StringComparison.Ordinal))[6..];
        DateTime booted = DateTime.UnixEpoch.AddSeconds(long.Parse(boot, CultureInfo.InvariantCulture));

        DateTime began = booted.AddMilliseconds(Current.StartTime * 10.0);

        Assert.InRange((began - self.StartTime.ToUniversalTime()).TotalSeconds, -2, 2);
    }

    [Fact]
    public void It_is_the_same_after_it_was_words()
    {
        ProcessIdentity identity = new(1, 2, 3, ulong.MaxValue);
        ulong[] words = new ulong[ProcessIdentity.Words];

        identity.WriteTo(words);

        Assert.Equal([1, 2, 3, ulong.MaxValue], words);
        Assert.Equal(identity, ProcessIdentity.Read(words));
    }

    [Fact]
    public void Another_process_is_seen_to_run_until_it_ends()
    {
        using Process child = ChildProcess.Start(IdentityCases.TellAndLive);
        ProcessIdentity identity = Parse(child.StandardOutput.ReadLine()!);
        Assert.Equal((ulong)child.Id, identity.Pid);
        Assert.Equal((Current.Boot, Current.PidNamespace), (identity.Boot, identity.PidNamespace));
        Assert.True(identity.IsSeenRunning);

        child.Kill();
        child.WaitForExit();

        Assert.False(identity.IsSeenRunning);
        Assert.Equal($"process {child.Id}", $"{identity}");
    }

    [Fact]
    public void A_process_whose_name_looks_like_other_fields_is_read_right()
    {
        using Process child = ChildProcess.Start(IdentityCases.TellUnderAnotherName);
        ProcessIdentity identity = Parse(child.StandardOutput.ReadLine()!);
        Assert.Contains("(a) Z 1 (b c)", File.ReadAllText($"/proc/{child.Id}/stat"), StringComparison.Ordinal);

        Assert.InRange(identity.StartTime, Current.StartTime, Current.StartTime + (24 * 60 * 60 * 100));
        Assert.True(identity.IsSeenRunning);

        child.StandardInput.WriteLine();
        Assert.True(child.WaitForExit(Soon.Patience), "the child did not end");
    }

    [Fact]
    public void One_with_this_number_and_another_start_boot_or_namespace_is_not_seen_to_run()
    {
        Assert.False((Current with { StartTime = Current.StartTime + 1 }).IsSeenRunning);
        Assert.False((Current with { Boot = Current.Boot + 1 }).IsSeenRunning);
        Assert.False((Current with { PidNamespace = Current.PidNamespace + 1 }).IsSeenRunning);
        Assert.False((Current with { Pid = ulong.MaxValue }).IsSeenRunning);
    }

    [Fact]
    public void What_is_not_known_is_not_seen_to_run()
    {
        Assert.False(default(ProcessIdentity).IsSeenRunning);
        Assert.False((Current with { StartTime = 0 }).IsSeenRunning);
        Assert.False((Current with { StartTime = 0, Pid = int.MaxValue }).IsSeenRunning); // Of one that is not there 0 is read.
    }

    [Fact]
    public void A_message_says_where_the_number_means_something()
    {
        Assert.Equal("an unknown process", $"{default(ProcessIdentity)}");
        Assert.Equal(
            "process 4711 of another pid namespace", $"{Current with { Pid = 4711, PidNamespace = Current.PidNamespace + 1 }}");
        Assert.Equal(
            "process 4711 of another machine, or from before a restart", $"{Current with { Pid = 4711, Boot = Current.Boot + 1 }}");
    }

    /// <summary>With the /proc of the outer namespace, where its number is another process's, and with its own.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void In_another_pid_namespace_a_process_is_another(bool hasOwnProc)
    {
        Requires.Root();
        string[] unshare = ["unshare", "--pid", "--fork", "--kill-child", .. hasOwnProc ? ["--mount-proc"] : Array.Empty<string>()];
        ChildProcess.Result child = ChildProcess.RunUnder(unshare, IdentityCases.Tell);
        Requires.Have("unshare", child.ExitCode == 0, $"cannot make a pid namespace: {child}");

        ProcessIdentity identity = Parse(child.Output);

        Assert.Equal(1UL, identity.Pid);
        Assert.NotEqual(Current.PidNamespace, identity.PidNamespace);
        Assert.Equal(Current.Boot, identity.Boot);
        Assert.Equal(hasOwnProc, identity.StartTime != 0);
        Assert.False(identity.IsSeenRunning);
        Assert.Equal("process 1 of another pid namespace", $"{identity}");
    }

    [Theory]
    [InlineData("7 (name) " + Behind)]
    [InlineData("7 (a b) S (c) " + Behind)]
    [InlineData("7 ()) 1 ((\n) " + Behind)]
    [InlineData("7 () " + Behind)]
    [InlineData("7 (\u00FF\u0080) " + Behind + "\n")]
    [InlineData("7 (name) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22\n")]
    public void The_start_time_is_the_twenty_second_field_whatever_the_name_is(string stat) =>
        Assert.Equal(22UL, ProcessIdentity.ParseStartTime(stat, 7));

    [Theory]
    [InlineData("")]
    [InlineData("7 (name) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21\n")]
    [InlineData("7 (name) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 x 23")]
    [InlineData("7 (name) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 -1 23")]
    [InlineData("8 (name) " + Behind)]
    [InlineData("7 name " + Behind)]
    [InlineData(") 7 (" + Behind)]
    [InlineData("7 (name) Z 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23")]
    public void What_is_no_such_line_has_no_start_time(string stat) => Assert.Equal(0UL, ProcessIdentity.ParseStartTime(stat, 7));

    private static ProcessIdentity Parse(string words) =>
        ProcessIdentity.Read([.. words.Split(' ').Select(word => ulong.Parse(word, CultureInfo.InvariantCulture))]);
}
