using System.Globalization;
using DirectMap.Linux;

namespace DirectMap.Tests.Infrastructure;

/// <summary>A thread that waits on a word, which is 0; when the constructor returns, it sleeps in the kernel.</summary>
internal sealed unsafe class WaitingThread
{
    private readonly Thread _thread;
    private volatile int _id;
    private int _errno;
    private FutexEnd _end;

    internal WaitingThread(uint* word, TimeSpan timeout)
    {
        nint address = (nint)word;
        _thread = new Thread(() =>
        {
            _id = IdOfThisThread();
            _errno = Futex.TryWait((uint*)address, 0, timeout, out _end);
        })
        { IsBackground = true };
        _thread.Start();
        string begin = string.Create(CultureInfo.InvariantCulture, $" 0x{address:x} ");
        Soon.Until(
            () => _id != 0 && (!_thread.IsAlive || SystemCallOf(_id).Contains(begin, StringComparison.Ordinal)), "the thread waits");
    }

    internal int Id => _id;

    internal bool IsWaiting => _thread.IsAlive;

    internal FutexEnd End()
    {
        Assert.True(_thread.Join(Soon.Patience), "the wait did not end");
        Assert.Equal(0, _errno);
        return _end;
    }

    /// <summary>The link leads to "PID/task/TID".</summary>
    private static int IdOfThisThread() =>
        int.Parse(new FileInfo("/proc/thread-self").LinkTarget!.Split('/')[2], CultureInfo.InvariantCulture);

    /// <summary>A sleeping thread's is "number argument argument ..."</summary>
    private static string SystemCallOf(int thread) => File.ReadAllText($"/proc/self/task/{thread}/syscall");
}
