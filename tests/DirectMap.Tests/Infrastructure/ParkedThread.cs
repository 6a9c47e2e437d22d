using DirectMap.Layout;

namespace DirectMap.Tests.Infrastructure;

/// <summary>A thread that runs an action and then stays where a test wants it, until it is let go.</summary>
internal sealed class ParkedThread : IDisposable
{
    private readonly ManualResetEventSlim _parked = new();
    private readonly ManualResetEventSlim _go = new();
    private readonly Thread _thread;
    private Exception? _failure;

    /// <param name="body">Calls its argument to park.</param>
    internal ParkedThread(Action<Action> body)
    {
        _thread = new Thread(() =>
        {
            try
            {
                body(Park);
            }
            catch (Exception exception)
            {
                _failure = exception;
            }
            finally
            {
                _parked.Set();
            }
        })
        { IsBackground = true };
        _thread.Start();
        Assert.True(_parked.Wait(Soon.Patience), "the thread never parked");
    }

    /// <summary>Lets the thread run to its end.</summary>
    /// <returns>What it threw, or null.</returns>
    internal Exception? Finish()
    {
        _go.Set();
        Assert.True(_thread.Join(Soon.Patience), "the thread never ended");
        return _failure;
    }

    public void Dispose()
    {
        Finish();
        _parked.Dispose();
        _go.Dispose();
    }

    private void Park()
    {
        _parked.Set();
        _go.Wait();
    }
}
