using DirectMap.Layout;

namespace DirectMap.Tests.Infrastructure;

/// <summary>Syncs that begin and stay there until the test says what they were told.</summary>
internal sealed class ParkedSyncs : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<(long Offset, long Length)> _begun = [];
    private readonly SemaphoreSlim _answered = new(0);
    private readonly Queue<(int Errno, Exception? Exception)> _answers = [];

    /// <summary>The syncs that have begun, in order.</summary>
    internal (long Offset, long Length)[] Begun
    {
        get
        {
            lock (_gate)
            {
                return [.. _begun];
            }
        }
    }

    internal int Sync(long offset, long length)
    {
        lock (_gate)
        {
            _begun.Add((offset, length));
        }

        Assert.True(_answered.Wait(Soon.Patience), "nobody answered the sync");
        lock (_gate)
        {
            (int errno, Exception? exception) = _answers.Dequeue();
            return exception is null ? errno : throw exception;
        }
    }

    internal void AwaitBegun(int count) => Soon.Until(() => Begun.Length >= count, $"{count} syncs have begun");

    /// <summary>The next syncs return, those that are parked or will be.</summary>
    internal void LetGo(int errno, int count = 1)
    {
        for (int i = 0; i < count; i++)
        {
            Answer(errno, null);
        }
    }

    internal void Fail(Exception exception) => Answer(0, exception);

    public void Dispose() => _answered.Dispose();

    private void Answer(int errno, Exception? exception)
    {
        lock (_gate)
        {
            _answers.Enqueue((errno, exception));
        }

        _answered.Release();
    }
}
