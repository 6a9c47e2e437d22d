// Guards a file while it runs, and prints everybody who wants to change it, as an operator would want to see it. Whoever does waits until
// the holder has let go. It needs root (CAP_SYS_ADMIN) on Linux 6.14 or later, and ext4, XFS or btrfs.
//
//   Guard PATH [seconds]    guards an existing file until Enter is pressed, or for so many seconds
//   Guard                   shows it on a file of its own
using System.Diagnostics;
using DirectMap;

bool isDemo = args.Length == 0;
string path = isDemo ? Path.Combine(Path.GetTempPath(), $"directmap-guard-{Environment.ProcessId}.pmem") : args[0];
LeaseCoordinator coordinator = new();
DirectFileOptions options = new() { Guard = GuardOptions.Required(ProtectionLevel.Proved), Coordinator = coordinator };

try
{
    using DirectFile file = isDemo ? DirectFile.Create(path, 1 << 20, options) : DirectFile.Open(path, options);
    Print($"guards {file.Path}: {file.Protection.Level} by {file.Protection.Engine}");
    Print($"  {file.Protection.Reason}");

    using CancellationTokenSource end = new();
    Task holding = HoldAsync(file, coordinator, end.Token);
    await (isDemo ? DemoAsync() : UntilAsync(args));
    await end.CancelAsync();
    await holding;
    return 0;
}
catch (Exception refused) when (refused is NotSupportedException or UnauthorizedAccessException or IOException)
{
    Console.Error.WriteLine($"It cannot be guarded here: {refused.Message}");
    return isDemo ? 0 : 1;
}
finally
{
    if (isDemo)
    {
        File.Delete(path);
    }
}

// Holds the file's layout, without a mapping, and lets go for each break: a program would finish what it does first. Whoever comes before
// it is held again waits for nobody.
static async Task HoldAsync(DirectFile file, LeaseCoordinator coordinator, CancellationToken end)
{
    LeaseOptions wait = new() { WhenUnavailable = WhenUnavailable.Wait };
    try
    {
        while (true)
        {
            using ILayoutLease lease = await file.AcquireLeaseAsync(wait, end);
            LeaseBreak? broken = await lease.WaitForBreakAsync(end);
            if (broken is not null)
            {
                Print(Describe(broken));
                foreach (BreakerInfo other in coordinator.Snapshot(file.Id).Breakers.Where(one => one.Breaker != broken.Breaker))
                {
                    Print($"  and {other.Breaker}: {other.Operation} of {other.Range}");
                }
            }
        }
    }
    catch (OperationCanceledException)
    {
        Print("guards it no more");
    }
}

static string Describe(LeaseBreak broken) => broken.Process is { } who
    ? $"{who.Command ?? "?"} (pid {who.ProcessId}, thread {who.ThreadId}) waits in {who.SystemCall}: {broken.Operation} of {broken.Range}"
        + (broken.Deadline is { } deadline ? $", until {deadline.ToLocalTime():T} at the latest" : "")
    : $"{broken.Breaker} waits: {broken.Operation} of {broken.Range}";

static Task UntilAsync(string[] args) => args.Length > 1
    ? Task.Delay(TimeSpan.FromSeconds(double.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture)))
    : Task.Run(Console.ReadLine);

async Task DemoAsync()
{
    foreach (string command in new[]
    {
        "cat \"$0\" > /dev/null", "printf changed | dd of=\"$0\" conv=notrunc status=none", "truncate -s 2M \"$0\"", "> \"$0\"",
    })
    {
        Stopwatch waited = Stopwatch.StartNew();
        using Process other = Process.Start("sh", ["-c", command, path]);
        await other.WaitForExitAsync();
        string shown = command.Replace("\"$0\"", "FILE", StringComparison.Ordinal);
        Print($"  \"{shown}\" was done after {waited.Elapsed.TotalMilliseconds:0} ms");
    }
}

static void Print(string line) => Console.WriteLine($"{DateTime.Now:HH:mm:ss.fff}  {line}");
