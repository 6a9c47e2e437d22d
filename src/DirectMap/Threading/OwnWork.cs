namespace DirectMap.Threading;

/// <summary>
/// Work of the library's own that must wait for nobody's code, whatever the user's callbacks do to the pool and to the threads beside it:
/// done in order by one thread for each kind of work, which is there while there is some.
/// </summary>
internal sealed class OwnWork
{
    private readonly UninterruptedLock _gate = new();
    private readonly Queue<Action> _work = new();
    private bool _isRunning;

    private OwnWork()
    {
    }

    /// <summary>For what waits for nobody.</summary>
    internal static OwnWork Prompt { get; } = new();

    /// <summary>For what asks file systems, which need not answer.</summary>
    internal static OwnWork Asking { get; } = new();

    internal void Queue(Action work)
    {
        using (_gate.Enter())
        {
            _work.Enqueue(work);
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        try
        {
            OwnThread.Start(Run, "DirectMap: own work", OwnThread.SmallStack);
        }
        catch (OutOfMemoryException)
        {
            Run(); // There is no thread: late is better than never.
        }
    }

    private void Run()
    {
        while (true)
        {
            Action? work;
            using (_gate.Enter())
            {
                if (!_work.TryDequeue(out work))
                {
                    _isRunning = false;
                    return;
                }
            }

            try
            {
                work();
            }
            catch (Exception exception)
            {
                UserCode.TraceFailure(exception);
            }
        }
    }
}
