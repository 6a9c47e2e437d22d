namespace DirectMap.Tool.Watching;

/// <summary>
/// Changes on their way from the library's threads to whoever prints them. Equal ones that wait are merged, so a slow reader costs no
/// memory.
/// </summary>
internal sealed class ChangeQueue : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _some = new(0, 1);
    private readonly Dictionary<Change, ChangeNotice> _waiting = [];
    private bool _isClosed;

    /// <summary>What is added afterwards is dropped.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            _some.Dispose();
        }
    }

    /// <summary>Adds a notice, on any thread.</summary>
    internal void Add(Change change, DateTimeOffset noticedAt)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            ChangeNotice notice = _waiting.GetValueOrDefault(change) ?? new ChangeNotice(change, noticedAt, noticedAt, 0);
            _waiting[change] = notice with { Last = noticedAt, Notices = notice.Notices + 1 };
            if (_some.CurrentCount == 0)
            {
                _some.Release();
            }
        }
    }

    /// <summary>Waits until there is something, at most for so long.</summary>
    internal Task WaitAsync(TimeSpan bound, CancellationToken cancellationToken) => _some.WaitAsync(bound, cancellationToken);

    /// <summary>Takes what there is, in the order of the first notices.</summary>
    internal IReadOnlyList<ChangeNotice> Take()
    {
        lock (_gate)
        {
            ChangeNotice[] taken = [.. _waiting.Values.OrderBy(notice => notice.First)];
            _waiting.Clear();
            return taken;
        }
    }
}
