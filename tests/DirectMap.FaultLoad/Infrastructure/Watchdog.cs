namespace DirectMap.FaultLoad.Infrastructure;

/// <summary>
/// Ends the process when an actor does not move, and says what each one was doing and where the kernel has it. Where the runtime itself
/// hangs, so that this thread does not run, the supervisor does so.
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
        _end.Dispose();
    }

    private void Watch()
    {
        Dictionary<Actor, (long Steps, long Since)> seen = [];
        do
        {
            Supervisor.GiveSignOfLife();
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
        Console.WriteLine($"HANGS: {stuck.Name} has not moved for {s_patience.TotalSeconds} s. What each one does:");
        foreach (Actor actor in _actors)
        {
            Console.WriteLine($"  {actor.Name}: {(actor.IsDone ? "done" : actor.Doing)} (step {actor.Steps})");
        }

        Supervisor.PrintThreads(Environment.ProcessId);
        Console.Out.Flush();
        Libc._exit(Supervisor.Hangs);
    }
}
