namespace DirectMap.Benchmarks.Pmembench;

/// <summary>
/// The threads of a pmembench run: each makes the same number of operations, and the run is over when all have. Those beside the caller
/// wait between the runs.
/// </summary>
internal sealed class Crew : IDisposable
{
    private readonly Action[] _work;
    private readonly Barrier _barrier;
    private readonly Thread[] _others;
    private volatile bool _over;

    /// <param name="work">What each thread does in a run; the caller takes the first.</param>
    internal Crew(Action[] work)
    {
        _work = work;
        _barrier = new Barrier(work.Length);
        _others = [.. work.Skip(1).Select(part => new Thread(() => Wait(part)) { IsBackground = true })];
        Array.ForEach(_others, thread => thread.Start());
    }

    internal void Run()
    {
        if (_others.Length == 0)
        {
            _work[0]();
            return;
        }

        _barrier.SignalAndWait();
        _work[0]();
        _barrier.SignalAndWait();
    }

    public void Dispose()
    {
        _over = true;
        if (_others.Length > 0)
        {
            _barrier.SignalAndWait();
        }

        Array.ForEach(_others, thread => thread.Join());
        _barrier.Dispose();
    }

    private void Wait(Action part)
    {
        while (true)
        {
            _barrier.SignalAndWait();
            if (_over)
            {
                return;
            }

            part();
            _barrier.SignalAndWait();
        }
    }
}
