using System.Diagnostics;

namespace DirectMap.FaultLoad.Infrastructure;

/// <summary>
/// Runs a part of this program as a child that gives a sign of life every second. One that gives none for long is looked at from
/// outside, and ended: a thread that never leaves a signal handler also keeps the child's own watchdog from running, by way of
/// the garbage collector.
/// </summary>
internal static class Supervisor
{
    internal const int Hangs = 3;

    private const string SignOfLife = "alive";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    internal static int Run(string[] arguments)
    {
        string[] command = Child.CommandIn(AppContext.BaseDirectory, ["child", .. arguments]);
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true })!;
        long last = Environment.TickCount64;
        Task reading = Task.Run(() =>
        {
            while (process.StandardOutput.ReadLine() is { } line)
            {
                Volatile.Write(ref last, Environment.TickCount64);
                if (line != SignOfLife)
                {
                    Console.WriteLine(line);
                }
            }
        });
        while (!process.WaitForExit(TimeSpan.FromSeconds(1)))
        {
            if (Environment.TickCount64 - Volatile.Read(ref last) > s_patience.TotalMilliseconds)
            {
                Console.WriteLine($"HANGS: no sign of life for {s_patience.TotalSeconds} s. Its threads:");
                PrintThreads(process.Id);
                process.Kill();
                process.WaitForExit();
                return Hangs;
            }
        }

        reading.Wait();
        return process.ExitCode;
    }

    /// <summary>In the child.</summary>
    internal static void GiveSignOfLife() => Console.WriteLine(SignOfLife);

    /// <summary>Where the kernel has each thread, and the native stacks where a debugger is at hand.</summary>
    internal static void PrintThreads(int process)
    {
        foreach (string task in Directory.GetDirectories($"/proc/{process}/task"))
        {
            Console.WriteLine(
                $"  thread {Path.GetFileName(task)} {Read(task, "comm")}: state {Read(task, "stat").Split(") ")[^1].Split(' ')[0]}, "
                    + $"in {Read(task, "wchan")}, system call {Read(task, "syscall")}");
        }

        if (process != Environment.ProcessId && Child.Has("gdb"))
        {
            Console.WriteLine(Child.Run(["gdb", "-batch", "-nx", "-p", $"{process}", "-ex", "thread apply all backtrace 8"]).Output);
        }
    }

    private static string Read(string task, string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, name)).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "?";
        }
    }
}
