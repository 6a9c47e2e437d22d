namespace DirectMap.FaultLoad.Infrastructure;

/// <summary>A thread of the load. It says what it does, so that one that hangs can be told.</summary>
internal sealed class Actor
{
    private readonly Thread _thread;
    private volatile string _doing = "starting";
    private long _steps;
    private volatile bool _isDone;

    internal Actor(string name, Action<Actor> body, Failures failures)
    {
        Name = name;
        _thread = new Thread(() =>
        {
            try
            {
                body(this);
            }
            catch (Exception exception)
            {
                failures.Add($"{name} ended while {_doing}: {exception}");
            }
            finally
            {
                _isDone = true;
            }
        })
        { IsBackground = true, Name = name };
    }

    internal string Name { get; }

    internal string Doing => _doing;

    internal long Steps => Volatile.Read(ref _steps);

    internal bool IsDone => _isDone;

    internal void Start() => _thread.Start();

    /// <summary>Returns when it does something.</summary>
    internal void WaitUntilRunning() => SpinWait.SpinUntil(() => Steps > 0 || IsDone);

    internal void Join() => _thread.Join();

    /// <summary>Something else begins.</summary>
    internal void Step(string doing)
    {
        _doing = doing;
        Volatile.Write(ref _steps, _steps + 1);
    }
}
