namespace DirectMap.FaultLoad.Infrastructure;

/// <summary>
/// Ends the process with exit code 3 when an actor does not move, and says what each one was doing and where the kernel has it. Where the runtime itself hangs, so that this thread does not run, the alarm clock ends the process.
/// </summary>
internal sealed class Watchdog : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(1);

    private readonly ManualResetEventSlim _end = new();
    private readonly Thread _thread;
    private volatile Actor[] _actors = [];

    internal Watchdog()
    {
        _thread = new Thread(Watch) { IsBackground = true, Name = "watchdog" };
        _thread.Start();
    }

    internal void Watch(Actor[] actors) => _actors = actors;

    public void Dispose()
    {
        _end.Set();
        _thread.Join();
        _ = Libc.alarm(0);
        _end.Dispose();
    }

    private void Watch()
    {
        Dictionary<Actor, (long Steps, long Since)> seen = [];
        do
        {
            _ = Libc.alarm((uint)(2 * s_patience.TotalSeconds));
            long now = Environment.TickCount64;
            foreach (Actor actor in _actors)
            {
                if (!seen.TryGetValue(actor, out (long Steps, long Since) last) || last.Steps != actor.Steps || actor.IsDone)
                {
                    seen[actor] = (actor.Steps, now);
                }
                else if (now - last.Since > s_patience.TotalMilliseconds)
                {
                    Bark(actor);
                }
            }
        }
        while (!_end.Wait(s_tick));
    }

    private void Bark(Actor stuck)
    {
        Console.Error.WriteLine($"HANGS: {stuck.Name} has not moved for {s_patience.TotalSeconds} s. What each one does:");
        foreach (Actor actor in _actors)
        {
            Console.Error.WriteLine($"  {actor.Name}: {(actor.IsDone ? "done" : actor.Doing)} (step {actor.Steps})");
        }

        foreach (string task in Directory.GetDirectories("/proc/self/task"))
        {
            Console.Error.WriteLine($"  thread {Path.GetFileName(task)} {Read(task, "comm")}: state {Read(task, "stat").Split(") ")[^1].Split(' ')[0]}, in {Read(task, "wchan")}, system call {Read(task, "syscall")}");
        }

        Console.Error.Flush();
        Libc._exit(3);
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
